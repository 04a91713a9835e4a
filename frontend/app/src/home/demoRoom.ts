// The demo room, and a name for who enters it.

/** The room that everybody who tries the server meets in. */
export const DEMO_ITEM = "demo";

const adjectives = ["Quiet", "Brave", "Gentle", "Bright", "Swift", "Calm", "Merry", "Clever"];
const animals = ["Heron", "Otter", "Falcon", "Badger", "Robin", "Lynx", "Marten", "Swallow"];

/** Return a name such as `Quiet Heron`. */
export function inventName(): string {
  return `${oneOf(adjectives)} ${oneOf(animals)}`;
}

function oneOf(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? "";
}
