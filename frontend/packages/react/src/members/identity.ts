// The look of a member: a color derived from the id, initials from the name.

/** Pairs of colors in Avatar.module.css. */
export const COLORS = 8;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Return the number of the member's color: the same on every page, by an FNV-1a hash of the id. */
export function colorOf(id: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), FNV_PRIME) >>> 0;
  // The lowest bits of this hash depend on the lowest bits of the characters alone.
  return (((hash >>> 16) ^ hash) >>> 0) % COLORS;
}

/** Return the first letters of the first and the last word. */
export function initialsOf(name: string): string {
  const words = name.split(" ").filter((word) => word !== "");
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => String.fromCodePoint(word?.codePointAt(0) ?? 0).toLocaleUpperCase()).join("");
}
