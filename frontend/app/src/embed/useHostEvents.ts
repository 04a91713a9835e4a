// Tells the host what happens in the room.
import type { Message, RoomState } from "alcove-client";
import { useRoom } from "alcove-react";
import { useEffect, useRef } from "react";
import type { Host } from "./host";

export function useHostEvents(host: Host, item: string): void {
  const { room, ...state } = useRoom(item);
  const { status, error, me } = state;
  const wasReady = useRef(false);
  const unread = me === null ? null : countUnread(state, me.id);

  useEffect(() => {
    if (status !== "live" || me === null || wasReady.current) return;
    wasReady.current = true;
    host.emit("ready", { item, member: { id: me.id, name: me.name } });
  }, [host, item, status, me]);

  useEffect(() => {
    if (status === "noAccess" || status === "ended" || status === "signedOut")
      host.emit("ended", { reason: status, message: error?.message ?? "" });
  }, [host, status, error?.message]);

  useEffect(() => {
    if (unread !== null) host.emit("unread", { count: unread });
  }, [host, unread]);

  useEffect(
    () =>
      room.on("message", ({ seq, id, author, at, body }: Message) =>
        host.emit("message", { seq, id, author: { id: author.id, name: author.name }, at, body }),
      ),
    [host, room],
  );
}

function countUnread({ messages, reads }: Pick<RoomState, "messages" | "reads">, me: string): number {
  const mark = reads.get(me) ?? 0;
  return messages.filter(
    ({ seq, author, deletedAt }) => seq !== null && seq > mark && author.id !== me && deletedAt === null,
  ).length;
}
