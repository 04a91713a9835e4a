// Whether the server is in open mode (rule A2), in which a page must say so.
import type { Platform } from "alcove-client";

/** Return the server's mode. Rejects if the server does not answer. */
export async function isOpenMode(origin: string, platform: Pick<Platform, "fetch">): Promise<boolean> {
  const answer = await platform.fetch(`${origin}/api/mode`);
  return answer.ok && ((await answer.json()) as { open: boolean }).open;
}
