// Names inside sentences: their direction must not turn what stands beside them.

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";
/** Signs that begin or end an embedding, an override or an isolate; one of these in a name would end ours. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/gu;

/** The name as an isolate of its own direction, for texts that take no element around it. */
export function isolated(name: string): string {
  return FIRST_STRONG_ISOLATE + name.replace(DIRECTIONS, "") + POP_ISOLATE;
}
