// The state of a room, as applications see it.
import type { Json, Limits, Person, You } from "../protocol/wire.gen";
import type { RoomError, RoomStatus } from "./status";

/**
 * A message: `queued` in the outbox, `sent` to the log, or `failed` with an error until it is retried or discarded.
 */
export type Delivery = "queued" | "sent" | "failed";

export type Message = {
  /** Its number in the log; null until it is there. */
  readonly seq: number | null;
  /** An `event` is the application's: a body with a `text`, shown without an avatar (rule S14). */
  readonly kind: "message" | "event";
  /** Unique for its author, and the same before and after it is in the log. */
  readonly id: string;
  readonly author: Person;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  /** Null where it is deleted. */
  readonly body: Json;
  readonly editedAt: number | null;
  readonly deletedAt: number | null;
  /** The progress of the message, or of its last pending edit or delete. */
  readonly delivery: Delivery;
  /** Why it failed: the server's code (S6), or `log_reset` if the message was lost with its log. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The edit or delete of the message that failed; the body is the one in the log. Null where none did. */
  readonly failedChange: { readonly type: "edit"; readonly body: Json } | { readonly type: "delete" } | null;
};

export type History = {
  /** The progress of loading older messages; `complete`: the server has no older ones. */
  readonly status: "idle" | "loading" | "failed" | "complete";
  /** What retention removed before the first message (rule R4), or null. */
  readonly gap: { readonly from: number; readonly to: number } | null;
  /** Whether the room's log was replaced while it was open (rule R5). */
  readonly wasReset: boolean;
};

export type RoomState = {
  readonly status: RoomStatus;
  /** Why the room is not live; null if there is no problem. */
  readonly error: RoomError | null;
  /** When the next attempt starts, in ms since the epoch; null where none is due. */
  readonly retryAt: number | null;
  /** The member and their rights; null before the first greeting. */
  readonly me: You | null;
  /** In the order of the log, then what is not there yet; pending edits and deletes are applied. */
  readonly messages: readonly Message[];
  readonly history: History;
  /** Up to a hundred of those who are connected. */
  readonly members: readonly Person[];
  /** How many are connected, exactly. */
  readonly memberCount: number;
  readonly typing: readonly Person[];
  /** The last seq that each member has read. */
  readonly reads: ReadonlyMap<string, number>;
  /** The last greeting: the member's own read mark, and the head of the log, at that time. */
  readonly joined: { readonly mark: number; readonly head: number } | null;
  /** The id of the log that the messages are of; null before any. Another id: the log was replaced (rule R5). */
  readonly log: string | null;
  /** The seq of the last entry of the log that is held; 0 before any. Edits and deletes are entries, too. */
  readonly head: number;
  /** What the server lets the member send; null before the first greeting. */
  readonly limits: Limits | null;
  /** How many messages, edits and deletes wait to be sent. */
  readonly queued: number;
  /** False where the browser's storage fails: what is not sent yet is lost with the page. */
  readonly durable: boolean;
  /** The way by which the room is live; by `events` commands go over HTTP. */
  readonly transport: "socket" | "events" | null;
};
