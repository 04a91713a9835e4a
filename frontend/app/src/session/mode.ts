// Whether the server is in open mode (rule A2), in which a page must say so.
import type { Origin, World } from "alcove-client";

/** Rejects where the server does not answer. */
export async function isOpenMode(origin: Origin, world: Pick<World, "fetch">): Promise<boolean> {
  const answer = await world.fetch(`${origin.protocol}//${origin.host}/api/mode`);
  return answer.ok && ((await answer.json()) as { open: boolean }).open;
}
