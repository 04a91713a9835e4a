// Who has read up to the member's own last message.
import type { RoomState } from "alcove-client";

type Facts = Pick<RoomState, "messages" | "me" | "members" | "reads">;

/** Return the names of the others who have read the last message; none where it is not the member's own. */
export function seenBy({ messages, me, members, reads }: Facts): readonly string[] {
  const last = messages.findLast(({ seq }) => seq !== null);
  const seq = last?.seq ?? null;
  if (me === null || seq === null || last?.author.id !== me.id) return [];
  return members.filter(({ id }) => id !== me.id && (reads.get(id) ?? 0) >= seq).map(({ name }) => name);
}
