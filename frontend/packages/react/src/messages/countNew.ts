// How many messages the reader has not seen below.
import type { Message } from "alcove-client";

/** Count the messages of others than `me` behind the seq `seen`. */
export function countNew(messages: readonly Message[], seen: number, me: string | null): number {
  let count = 0;
  for (let i = messages.length - 1; i >= 0; i -= 1) {
    const message = messages[i];
    if (message === undefined || message.seq === null || message.author.id === me) continue;
    if (message.kind === "event") continue;
    if (message.seq <= seen) break;
    count += 1;
  }
  return count;
}
