// The view that the page still draws: the same facts as `RoomState`, in its earlier shape.
import type { AuthState } from "../auth/authentication";
import type { Connection } from "../connection/connection";
import type { LinkState } from "../connection/webSocket";
import { wantsToken } from "../connection/webSocket";
import type { Platform } from "../platform/platform";
import type { Gap, Limits, MessageEntry, You } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import { type Draft, LOG_RESET } from "./drafts";
import type { RoomModel } from "./model";
import type { Outbox } from "./outbox";
import type { PresenceState } from "./presence";
import type { Timeline } from "./timeline";

export type Older = "idle" | "loading" | "failed" | "complete";
export type Row = Gap | { readonly type: "reset" } | MessageEntry | Draft;

/** Own edits and deletes on their way, by the seq of their target: the last one written counts. */
export type Changes = ReadonlyMap<number, Draft>;

const reset: Row = { type: "reset" };

/** Entries and drafts are the same objects as long as they do not change. */
export function rowsOf(timeline: Timeline, outbox: Outbox): { rows: readonly Row[]; changes: Changes } {
  const rows: Row[] = [];
  const changes = new Map<number, Draft>();
  if (timeline.resets > 0) rows.push(reset);
  if (timeline.gap !== null && timeline.complete) rows.push(timeline.gap);
  for (const message of timeline.messages) rows.push(message);
  for (const draft of outbox.drafts) {
    // A change of a message that is gone has no other place.
    const gone = draft.progress.is === "refused" && draft.progress.code === LOG_RESET;
    if (draft.command.type === "send" || gone) rows.push(draft);
    else changes.set(draft.command.target, draft);
  }
  return { rows, changes };
}
export type RoomView = PresenceState & {
  readonly status: Status;
  readonly me: You | null;
  readonly limits: Limits | null;
  readonly rows: readonly Row[];
  readonly changes: Changes;
  /** The id of the log that the rows are of; null before any. */
  readonly log: string | null;
  /** What the last greeting said: the member's own read mark, and the head of the log. */
  readonly joined: { readonly mark: number; readonly head: number } | null;
  /** The last seq held; 0 before any. */
  readonly cursor: number;
  readonly older: Older;
  /** Under which name this browser keeps what the member writes; null while nobody knows who that is. */
  readonly key: RoomKey | null;
  /** False where the browser's storage fails: what is not sent yet is lost with the page. */
  readonly durable: boolean;
  /** Whether edits and deletes can be sent: by events and HTTP they cannot. */
  readonly mayChange: boolean;
};
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
  if (link.status === "stopped") {
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
  if (link.status === "waiting") return { is: "reconnecting", until: link.until, code: link.code };
  return { is: "connecting" };
}

export function viewOf(model: RoomModel, connection: Connection, platform: Platform): RoomView {
  const { outbox, timeline } = model;
  return {
    ...model.presence.state(),
    ...rowsOf(timeline, outbox),
    status: statusOf({
      link: connection.link,
      auth: connection.auth,
      live: connection.live,
      known: model.me !== null,
      online: platform.online(),
      waiting: outbox.drafts.filter(({ progress }) => progress.is === "waiting").length,
    }),
    me: model.me,
    log: timeline.log,
    joined: model.joined,
    limits: model.limits,
    cursor: timeline.cursor ?? 0,
    older: model.history.state.status,
    key: model.key,
    durable: platform.storage.durable,
    mayChange: connection.live !== "events",
  };
}
