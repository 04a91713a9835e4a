// Whether the server is in open mode (rule A2), in which a page must say so.
import type { Platform } from "alcove-client";

/** `signed`: members need a token. `unknown`: the server has not answered yet. */
export type Mode = "open" | "signed" | "unknown";

/** Return whether the server is in open mode. Rejects if the server does not answer. */
export async function isOpenMode(origin: string, platform: Pick<Platform, "fetch">): Promise<boolean> {
  const answer = await platform.fetch(`${origin}/api/mode`);
  return answer.ok && ((await answer.json()) as { open: boolean }).open;
}

/** Return the server's mode; where it does not answer, nothing that needs open mode can be offered. */
export async function modeOf(origin: string, platform: Pick<Platform, "fetch">): Promise<Mode> {
  return (await isOpenMode(origin, platform).catch(() => false)) ? "open" : "signed";
}
