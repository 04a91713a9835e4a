// How far a reader or a listener has come, in which log.

export type Seen = { readonly log: string | null; readonly cursor: number };

/** The position in `log`: 0 where what was seen belongs to another log, all of which is new then. */
export function positionIn(seen: Seen, log: string | null): number {
  return seen.log === log ? seen.cursor : 0;
}
