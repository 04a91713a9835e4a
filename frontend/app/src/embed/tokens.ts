// Whose token the room is opened with: the host's, or in open mode one of this browser.
import type { GetToken, Platform } from "alcove-client";
import { askMode } from "../session/mode";
import { randomToken } from "../session/randomToken";
import type { Host } from "./host";

/** Where a browser keeps what makes it the same guest at every visit. */
const GUEST = "alcove.guest";

export function tokensOf(host: Host, base: string, platform: Pick<Platform, "fetch" | "notes">): GetToken {
  return async ({ reason, signal }) => {
    if (host.getOptions().hasTokens) return host.token(reason, signal);
    return (await askMode(base, platform)) === "open" ? guestOf(base, platform) : null;
  };
}

/** In open mode any credential opens a room (rule A2); two browsers must not be the same member. */
export function guestOf(base: string, { notes }: Pick<Platform, "notes">): string {
  const name = GUEST + base.slice(location.origin.length);
  const known = notes.get(name);
  if (known !== null) return known;
  const fresh = randomToken();
  notes.set(name, fresh);
  return fresh;
}
