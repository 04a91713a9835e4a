// Who has read up to the reader's own last message.
import type { RoomView } from "alcove-client";

/** The names of the others whose mark stands at or behind the last own message; none where there is none. */
export function seenBy({ rows, me, members, reads }: RoomView): readonly string[] {
  const last = rows.findLast((row) => row.type === "entry");
  if (me === null || last?.type !== "entry" || last.by.id !== me.id) return [];
  return members.filter(({ id }) => id !== me.id && (reads.get(id) ?? 0) >= last.seq).map(({ name }) => name);
}
