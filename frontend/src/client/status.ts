// How a room stands with its server, as one of six words.
import { type LinkState, wantsToken } from "./roomSocket";

export type Status =
  /** Greeted by the server, and heard of since: by a socket, or by events where no socket opens. */
  | { readonly is: "live"; readonly over: "socket" | "events" }
  | { readonly is: "connecting" }
  /** `until`: when the next attempt starts, in ms since the epoch; `code`: how the last one ended. */
  | { readonly is: "reconnecting"; readonly until: number; readonly code: number }
  /** The browser has no network; `waiting` drafts go out when it has. */
  | { readonly is: "offline"; readonly waiting: number }
  | { readonly is: "noAccess"; readonly code: number; readonly reason: string }
  /** The credential has run out, and there is no other one. */
  | { readonly is: "ended"; readonly reason: string };

export type Facts = {
  readonly link: LinkState;
  /** The way by which a hello has come that still counts. */
  readonly live: "socket" | "events" | null;
  /** A hello has come at any time. */
  readonly known: boolean;
  readonly online: boolean;
  readonly waiting: number;
};

export function statusOf({ link, live, known, online, waiting }: Facts): Status {
  if (link.is === "stopped") {
    const { code, reason } = link;
    return known && wantsToken(code) ? { is: "ended", reason } : { is: "noAccess", code, reason };
  }
  if (live !== null) return { is: "live", over: live };
  if (!online) return { is: "offline", waiting };
  if (link.is === "waiting") return { is: "reconnecting", until: link.until, code: link.code };
  return { is: "connecting" };
}
