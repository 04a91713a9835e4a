// Isolates names inside sentences, so that their text direction does not affect the text around them.

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";
/** Signs that begin or end an embedding, an override or an isolate; one of these in a name would end ours. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/gu;

/** Letters that are written from right to left (Hebrew, Arabic and their neighbours), and the signs above. */
const TURNING =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The name as an isolate, for texts without an element around it; unchanged if the name affects no direction. */
export function isolated(name: string): string {
  if (!TURNING.test(name)) return name;
  return FIRST_STRONG_ISOLATE + name.replace(DIRECTIONS, "") + POP_ISOLATE;
}
