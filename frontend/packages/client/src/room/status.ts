// The status of a room's connection.
import type { AuthState } from "../auth/authentication";
import type { LinkState } from "../connection/webSocket";

const UNAUTHENTICATED = 4401;

export type RoomStatus =
  /** It is not joined. */
  | "idle"
  | "connecting"
  /** Connected: `hello` has arrived, and the server answers. */
  | "live"
  /** The connection was lost; `retryAt`: when the next attempt starts. */
  | "reconnecting"
  /** The browser has no network. */
  | "offline"
  /** `getToken` rejects or does not answer; it is called again at `retryAt`. */
  | "awaitingToken"
  /** The server refuses the credential, or the room is closed for another reason that a retry does not mend. */
  | "noAccess"
  /** The credential was good and has run out, and there is no other one. */
  | "ended"
  /** `getToken` returned null, or the member signed out in some tab. */
  | "signedOut";

export type RoomError = {
  /** The close code of the connection (rule C); null where none was made. */
  readonly closeCode: number | null;
  /** Machine-readable: why the credential is refused, or `token_unavailable`. */
  readonly reason: string | null;
  /** The server's own words, possibly empty. */
  readonly message: string;
};

export type ConnectionStatus = {
  readonly status: RoomStatus;
  readonly error: RoomError | null;
  readonly retryAt: number | null;
};

export type Facts = {
  readonly link: LinkState;
  readonly auth: AuthState;
  /** Whether a hello has come that still counts. */
  readonly live: boolean;
  /** Whether a hello has come at any time. */
  readonly known: boolean;
  readonly online: boolean;
};

export function statusOf({ link, auth, live, known, online }: Facts): ConnectionStatus {
  if (auth.status === "signedOut") return plain("signedOut");
  if (link.status === "stopped") {
    const error = {
      closeCode: link.code,
      reason: "problem" in auth ? auth.problem.reason : null,
      message: link.reason,
    };
    const retryAt = auth.status === "waiting" ? auth.until : null;
    return { status: known && link.code === UNAUTHENTICATED ? "ended" : "noAccess", error, retryAt };
  }
  if (live) return plain("live");
  if (!online) return plain("offline");
  if (auth.status === "unanswered") {
    const error = { closeCode: null, reason: "token_unavailable", message: auth.message };
    return { status: "awaitingToken", error, retryAt: auth.until };
  }
  // Other rooms make the attempts that the limit on refused tokens allows.
  if (link.status === "connecting" && auth.status === "waiting" && auth.until !== null) {
    const { code, reason, message } = auth.problem;
    return { status: "noAccess", error: { closeCode: code, reason, message }, retryAt: auth.until };
  }
  if (link.status === "waiting") {
    const error = { closeCode: link.code, reason: null, message: "" };
    return { status: "reconnecting", error, retryAt: link.until };
  }
  return plain(link.status === "idle" ? "idle" : "connecting");
}

function plain(status: RoomStatus): ConnectionStatus {
  return { status, error: null, retryAt: null };
}
