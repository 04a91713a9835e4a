// Loads the typeface of the page once the first messages are there: until then the system's is used.
import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url";

let isLoading = false;

/** Use the typeface from now on; without it the page stays in the system's. */
export function loadFont(): void {
  if (isLoading || !("fonts" in document)) return;
  isLoading = true;
  const font = new FontFace("Inter Variable", `url(${inter}) format("woff2")`, { weight: "100 900" });
  font.load().then(
    () => document.fonts.add(font),
    // The server is away: the next page tries again.
    () => {
      isLoading = false;
    },
  );
}
