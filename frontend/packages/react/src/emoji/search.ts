// The emoji of the picker: its groups as a list, and those that a text finds.

export type Emoji = {
  readonly emoji: string;
  /** What it is called, in the reader's language. */
  readonly name: string;
  /** Its name and other words that find it, as `plain` returns them. */
  readonly words: readonly string[];
};

export type EmojiGroup = { readonly name: string; readonly emoji: readonly Emoji[] };

/** A group's name, and its emoji as `emoji name;word;word|…`. */
export type WrittenGroup = readonly [string, string];

/** How many emoji a search shows. */
const FOUND = 100;

export function readGroups(written: readonly WrittenGroup[]): readonly EmojiGroup[] {
  return written.map(([name, lines]) => ({ name, emoji: lines.split("|").map(readEmoji) }));
}

function readEmoji(line: string): Emoji {
  const [first = "", ...others] = line.split(";");
  const space = first.indexOf(" ");
  const name = first.slice(space + 1);
  return { emoji: first.slice(0, space), name, words: [name, ...others].map(plain) };
}

/** Return the emoji with words that begin with each word of `text`: those called so before the others. */
export function findEmoji(groups: readonly EmojiGroup[], text: string): readonly Emoji[] {
  const wanted = plain(text).split(/\s+/).filter(Boolean);
  const begins = (words: string, start: string) => ` ${words}`.includes(` ${start}`);
  const all = groups.flatMap(({ emoji }) => emoji);
  const isCalled = ({ words: [name = ""] }: Emoji) => wanted.every((start) => begins(name, start));
  const found = all.filter(({ words }) => wanted.every((start) => words.some((word) => begins(word, start))));
  return [...found.filter(isCalled), ...found.filter((one) => !isCalled(one))].slice(0, FOUND);
}

/** Return the text as it is compared: without case and accents. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
