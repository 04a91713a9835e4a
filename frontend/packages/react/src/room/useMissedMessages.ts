// Counts what arrives while the page is hidden, for the title of the tab.
import { useEffect, useState } from "react";
import { useJoinedRoom } from "../useRoom";

/** Messages that are counted, at most. */
const COUNTED = 1000;

const none: ReadonlySet<number> = new Set();

/** Return how many messages of others arrived since the page was hidden; 0 while it is visible. */
export function useMissedMessages(item: string): number {
  const room = useJoinedRoom(item);
  const [missed, setMissed] = useState(none);

  useEffect(() => {
    const onVisibility = () => document.visibilityState === "visible" && setMissed(none);
    const stops = [
      room.on("message", ({ seq, author }) => {
        if (seq === null || document.visibilityState === "visible") return;
        if (author.id === room.getState().me?.id) return;
        setMissed((before) => (before.size < COUNTED ? new Set([...before, seq]) : before));
      }),
      room.on("delete", ({ seq }) =>
        setMissed((before) => (seq !== null && before.has(seq) ? without(before, seq) : before)),
      ),
    ];
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      for (const stop of stops) stop();
      document.removeEventListener("visibilitychange", onVisibility);
    };
  }, [room]);

  return missed.size;
}

function without(set: ReadonlySet<number>, seq: number): ReadonlySet<number> {
  const rest = new Set(set);
  rest.delete(seq);
  return rest;
}
