// Which key presses belong to an input method, and not to the page.

/** What `keyCode` is while an input method handles the key (UI Events, section 7.3.1). */
const HANDLED_BY_INPUT_METHOD = 229;

/**
 * Whether the key composes a word, in Japanese or Chinese for example. Safari ends the composition before it reports
 * the Enter that ended it: only the key code shows it then.
 */
export function isComposing(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === HANDLED_BY_INPUT_METHOD;
}
