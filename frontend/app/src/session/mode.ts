// How members come in: in open mode (rule A2) a page must say so.
import type { Platform } from "alcove-client";

/**
 * `signed`: members need a token. `application`: an application around Alcove signs them in. `unknown`: the server has
 * not answered yet.
 */
export type Mode = "open" | "signed" | "application" | "unknown";

/** Return the server's mode. Rejects if the server does not answer. */
export async function askMode(server: string, platform: Pick<Platform, "fetch">): Promise<Mode> {
  const answer = await platform.fetch(`${server}/api/mode`);
  const { open, application } = answer.ok
    ? ((await answer.json()) as { open: boolean; application?: boolean })
    : {};
  return open ? "open" : application ? "application" : "signed";
}
