/** The room that everybody who tries the server meets in. */
export const DEMO_ITEM = "demo";
