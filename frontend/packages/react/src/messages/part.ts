// The part of a long message that is drawn before a reader expands it.

/** A message longer than one of these is drawn in part. */
const CHARACTERS = 4000;
const LINES = 60;

/** Return the beginning of `text`, cut where one of the limits is reached, never within a surrogate pair. */
export function partOf(text: string): string {
  let to = Math.min(text.length, CHARACTERS);
  let left = LINES;
  for (let at = text.indexOf("\n"); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    left -= 1;
    if (left === 0) to = at;
  }
  if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(0, to);
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
