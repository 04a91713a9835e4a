// The member's last own message: the one that ↑ opens for editing.
import type { Draft, Json, MessageEntry, RoomView } from "alcove-client";

export type LastOwn =
  | { readonly is: "entry"; readonly entry: MessageEntry; readonly body: Json }
  | { readonly is: "refused"; readonly draft: Draft };

/**
 * The last own message that can be edited, as it will read once all changes on their way have arrived. A message that
 * is being deleted is passed over; a refused draft or edit is opened again itself. Null while the last one is still on
 * its way: nothing can be edited yet, and an older one is not what was meant.
 */
export function lastOwn({ rows, me, changes }: Pick<RoomView, "rows" | "me" | "changes">): LastOwn | null {
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    if (row?.type === "draft") return row.progress.is === "refused" ? { is: "refused", draft: row } : null;
    if (row?.type !== "entry" || row.by.id !== me?.id || row.deleted !== undefined) continue;
    const change = changes.get(row.seq);
    if (change?.command.type === "delete") continue;
    if (change?.progress.is === "refused") return { is: "refused", draft: change };
    return { is: "entry", entry: row, body: change?.command.body ?? row.body ?? "" };
  }
  return null;
}
