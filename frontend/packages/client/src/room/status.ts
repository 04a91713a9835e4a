// How a room stands with its server, as one of seven words.
import type { AuthState } from "../auth/authentication";
import { type LinkState, wantsToken } from "../connection/webSocket";

export type Status =
  /** Greeted by the server, and heard of since: by a socket, or by events where no socket opens. */
  | { readonly is: "live"; readonly over: "socket" | "events" }
  | { readonly is: "connecting" }
  /** `until`: when the next attempt starts, in ms since the epoch; `code`: how the last one ended. */
  | { readonly is: "reconnecting"; readonly until: number; readonly code: number }
  /** The browser has no network; `waiting` drafts go out when it has. */
  | { readonly is: "offline"; readonly waiting: number }
  /** What gives the tokens rejects or does not answer; it is asked again at `until`. */
  | { readonly is: "awaitingToken"; readonly until: number }
  | ({ readonly is: "noAccess"; readonly code: number } & Refused)
  /** The credential has run out, and there is no other one. */
  | ({ readonly is: "ended" } & Refused);

type Refused = {
  /** The server's own words. */
  readonly reason: string;
  /** The server's machine-readable reason, where the credential is at fault. */
  readonly problem?: string | undefined;
  /** When the next attempt starts, in ms since the epoch; undefined: when another token comes. */
  readonly until?: number | undefined;
};

export type Facts = {
  readonly link: LinkState;
  readonly auth: AuthState;
  /** The way by which a hello has come that still counts. */
  readonly live: "socket" | "events" | null;
  /** A hello has come at any time. */
  readonly known: boolean;
  readonly online: boolean;
  readonly waiting: number;
};

export function statusOf({ link, auth, live, known, online, waiting }: Facts): Status {
  if (link.is === "stopped") {
    const { code, reason } = link;
    const refused = {
      reason,
      problem: "problem" in auth ? (auth.problem.reason ?? undefined) : undefined,
      until: auth.status === "waiting" ? (auth.until ?? undefined) : undefined,
    };
    return known && wantsToken(code) ? { is: "ended", ...refused } : { is: "noAccess", code, ...refused };
  }
  if (live !== null) return { is: "live", over: live };
  if (!online) return { is: "offline", waiting };
  if (auth.status === "unanswered") return { is: "awaitingToken", until: auth.until };
  if (link.is === "waiting") return { is: "reconnecting", until: link.until, code: link.code };
  return { is: "connecting" };
}
