// The emoji that a member used last. They are kept with the client, in memory: the next member of this browser, who has
// another one, does not see them.
import type { Client } from "alcove-client";

/** How many are kept. */
const KEPT = 24;

const used = new WeakMap<Client, readonly string[]>();

export function recentEmoji(client: Client): readonly string[] {
  return used.get(client) ?? [];
}

export function recordEmoji(client: Client, emoji: string): void {
  const others = recentEmoji(client).filter((one) => one !== emoji);
  used.set(client, [emoji, ...others].slice(0, KEPT));
}
