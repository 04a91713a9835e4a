// Counts what arrives while the page is hidden, for the title of the tab.
import type { Message } from "alcove-client";
import { useEffect, useState } from "react";
import { useJoinedRoom } from "../useRoom";

/** Messages that are counted, at most. */
const COUNTED = 1000;

const none: ReadonlySet<string> = new Set();

/** Return how many messages of others arrived since the page was hidden; 0 while it is visible. */
export function useMissedMessages(item: string): number {
  const room = useJoinedRoom(item);
  const [missed, setMissed] = useState(none);

  useEffect(() => {
    const onVisibility = () => document.visibilityState === "visible" && setMissed(none);
    const stops = [
      room.on("message", (message) => {
        if (document.visibilityState === "visible" || message.author.id === room.getState().me?.id) return;
        const name = nameOf(message);
        setMissed((before) => (before.size < COUNTED ? new Set([...before, name]) : before));
      }),
      room.on("delete", (message) => {
        const name = nameOf(message);
        setMissed((before) => (before.has(name) ? without(before, name) : before));
      }),
    ];
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      for (const stop of stops) stop();
      document.removeEventListener("visibilitychange", onVisibility);
    };
  }, [room]);

  return missed.size;
}

/** A message is known by its author and id: another log gives the same numbers again (rule R5). */
function nameOf({ author, id }: Message): string {
  return `${author.id} ${id}`;
}

function without(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const rest = new Set(set);
  rest.delete(name);
  return rest;
}
