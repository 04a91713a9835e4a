// The status of the connection as text.
import { closeCodes, type RoomState } from "alcove-client";
import type { T } from "../strings/strings";

/** Return the state in a word or two. */
export function statusText({ status }: Pick<RoomState, "status">, t: T): string {
  return t(`status.${status}`);
}

/** Return the text above the composer while the room is not live; null if it is live, or nothing can be sent. */
export function warningText({ status, queued }: Pick<RoomState, "status" | "queued">, t: T): string | null {
  switch (status) {
    case "reconnecting":
    case "offline":
    case "awaitingToken":
      return queued > 0 ? t(`status.${status}Waiting`, { count: queued }) : t(`status.${status}`);
    default:
      return null;
  }
}

/** Return why the member cannot be in the room; null where they can. */
export function noAccessText({ status, error }: Pick<RoomState, "status" | "error">, t: T): string | null {
  switch (status) {
    case "noAccess":
      return whyOf(error, t);
    case "ended":
    case "signedOut":
      return t(`noAccess.${status}`);
    default:
      return null;
  }
}

/** Return the server's reason where it is known, else what the close code means. */
function whyOf(error: RoomState["error"], t: T): string {
  switch (error?.reason) {
    case "wrong_key":
    case "malformed":
    case "expired":
    case "not_yet_valid":
    case "revoked":
    case "signed_out":
    case "missing":
      return t(`token.${error.reason}`);
    default: {
      const known = closeCodes.get(error?.closeCode ?? 0);
      // After others the room connects again.
      return t(`closed.${known?.again === false ? known.meaning : "other"}`);
    }
  }
}
