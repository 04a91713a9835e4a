// The part of a long message that is drawn before a reader asks for all of it.
import type { Piece } from "./markup";

/** A message longer than any of these is drawn in part. */
const SIGNS = 4000;
const LINES = 60;
const PIECES = 400;

export type Part = { readonly pieces: readonly Piece[]; readonly whole: boolean };

/** The first pieces of a message, cut where one of the limits is reached. */
export function partOf(pieces: readonly Piece[]): Part {
  let signs = SIGNS;
  let lines = LINES;
  for (const [index, piece] of pieces.entries()) {
    const kept = index < PIECES ? cut(piece.text, signs, lines) : "";
    if (kept.length < piece.text.length) {
      const last = kept === "" ? [] : [{ ...piece, text: kept }];
      return { pieces: [...pieces.slice(0, index), ...last], whole: false };
    }
    signs -= kept.length;
    lines -= breaksIn(kept);
  }
  return { pieces, whole: true };
}

/** The beginning of `text` with at most so many signs and line breaks, never half of a sign beyond the BMP. */
function cut(text: string, signs: number, lines: number): string {
  let to = Math.min(text.length, signs);
  let left = lines;
  for (let at = text.indexOf("\n"); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    if (left === 0) to = at;
    else left -= 1;
  }
  if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(0, to);
}

function breaksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
