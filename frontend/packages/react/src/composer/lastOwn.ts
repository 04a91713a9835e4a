// The member's last own message: the one that ↑ opens for editing.
import type { Message, RoomState } from "alcove-client";

/**
 * Return the last own message that can be edited, with pending edits applied. Deleted messages are skipped, also where
 * the delete is pending. Null while the last one is on its way to the log: it cannot be edited yet, and an older one is
 * not what the member means.
 */
export function lastOwn({ messages, me }: Pick<RoomState, "messages" | "me">): Message | null {
  const isOwn = (message: Message) => message.kind === "message" && message.author.id === (me?.id ?? "");
  const last = messages.findLast((message) => isOwn(message) && message.deletedAt === null);
  if (last === undefined) return null;
  return last.seq === null && last.delivery !== "failed" ? null : last;
}
