// The wire types of `alcove.v1`, generated from the server's by `make build`; do not edit.

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const SUBPROTOCOL = "alcove.v1";

/** What a member may do. */
export type Right =
  | "read"
  | "write"
  | "moderate";

/** The `code` of an error; a newer server may send others. */
export type Code =
  | "invalid"
  | "too_large"
  | "unauthenticated"
  | "forbidden"
  | "rate_limited"
  | "too_many_connections"
  | "at_capacity"
  | "overloaded"
  | "unavailable";

/** Why a credential is refused; a newer server may send others. */
export type Reason =
  | "missing"
  | "malformed"
  | "wrong_key"
  | "expired"
  | "not_yet_valid"
  | "revoked"
  | "signed_out"
  | "banned";

/** A member as other members see them; picture (an https URL) and role are those of their token (A9). */
export type Person = {
  readonly id: string;
  readonly name: string;
  readonly picture?: string;
  readonly role?: string;
};

/** The member whose connection this is, with their rights on the item. */
export type You = {
  readonly id: string;
  readonly name: string;
  readonly can: readonly Right[];
  readonly picture?: string;
  readonly role?: string;
};

/** The limits on what a member sends to an item (L1, L2); with `sends_per_s` 0 the rate is unlimited. */
export type Limits = {
  readonly body_bytes: number;
  readonly sends_per_s: number;
  readonly burst: number;
};

/** Send a message: `body` is a string or any JSON value (S1). */
export type Send = {
  readonly type: "send";
  readonly id: string;
  readonly body: Json;
};

/** Replace the body of message `target` (S8). */
export type Edit = {
  readonly type: "edit";
  readonly id: string;
  readonly target: number;
  readonly body: Json;
};

/** Delete message `target`: its body is erased (S8, S9). */
export type Delete = {
  readonly type: "delete";
  readonly id: string;
  readonly target: number;
};

/** Report that the member is typing (P4). */
export type Typing = {
  readonly type: "typing";
};

/** Report that the member has read up to `seq` (P5). */
export type Read = {
  readonly type: "read";
  readonly seq: number;
};

/** Replace the token of this connection with a fresh one (A4). */
export type Auth = {
  readonly type: "auth";
  readonly token: string;
};

/** Check that the connection works; the server answers with a pong. */
export type Ping = {
  readonly type: "ping";
};

/** What a client sends. */
export type Command =
  | Send
  | Edit
  | Delete
  | Typing
  | Read
  | Auth
  | Ping;

/** The first line of every connection (H5). */
export type Hello = {
  readonly type: "hello";
  readonly item: string;
  readonly log: string;
  readonly head: number;
  readonly oldest: number;
  readonly reset: boolean;
  readonly you: You;
  readonly members: readonly Person[];
  readonly count: number;
  readonly reads: Readonly<Record<string, number>>;
  readonly limits: Limits;
  readonly expires: number | null;
  readonly now: number;
};

/** An entry of kind `message`. */
export type MessageEntry = {
  readonly type: "entry";
  readonly seq: number;
  readonly kind: "message";
  readonly id: string;
  readonly by: Person;
  readonly at: number;
  readonly body?: Json;
  readonly edited?: number;
  readonly deleted?: number;
};

/** An entry of kind `edit`. */
export type EditEntry = {
  readonly type: "entry";
  readonly seq: number;
  readonly kind: "edit";
  readonly id: string;
  readonly by: Person;
  readonly at: number;
  readonly target: number;
  readonly body?: Json;
};

/** An entry of kind `delete`. */
export type DeleteEntry = {
  readonly type: "entry";
  readonly seq: number;
  readonly kind: "delete";
  readonly id: string;
  readonly by: Person;
  readonly at: number;
  readonly target: number;
};

/** An entry of kind `event`. */
export type EventEntry = {
  readonly type: "entry";
  readonly seq: number;
  readonly kind: "event";
  readonly id: string;
  readonly by: Person;
  readonly at: number;
  readonly body?: Json;
};

/** One entry of the log. */
export type Entry =
  | MessageEntry
  | EditEntry
  | DeleteEntry
  | EventEntry;

/** A range of entries, `from` to `to`, that retention removed (R4). */
export type Gap = {
  readonly type: "gap";
  readonly from: number;
  readonly to: number;
};

/** The confirmation that a send is stored durably at `seq` (S3); `duplicate`: an earlier send stored it (S5). */
export type Ack = {
  readonly type: "ack";
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  readonly duplicate: boolean;
};

/** The members who joined and left since the previous `presence` line (P1, P2). */
export type Presence = {
  readonly type: "presence";
  readonly joined: readonly Person[];
  readonly left: readonly string[];
  readonly count: number;
};

/** A notice that a member is typing (P4). */
export type TypingNow = {
  readonly type: "typing";
  readonly by: Person;
};

/** The seq up to which a member has read (P5). */
export type ReadMark = {
  readonly type: "read";
  readonly by: string;
  readonly seq: number;
};

/** A refusal: what, why, and what to do about it (S6, H4); `reason` says why a credential is refused. */
export type Error = {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly id?: string;
  readonly retry_ms?: number;
  readonly reason?: string;
};

/** The answer to an accepted `auth`: the new rights, and the new expiry in ms since the epoch (A4). */
export type Access = {
  readonly type: "access";
  readonly can: readonly Right[];
  readonly expires: number | null;
};

/** A notice that the server is about to close; the client should reconnect after `retry_ms` (Z1). */
export type Bye = {
  readonly type: "bye";
  readonly reason: string;
  readonly retry_ms: number;
};

/** The answer to a ping. */
export type Pong = {
  readonly type: "pong";
};

/** What a server sends. */
export type ServerLine =
  | Hello
  | Entry
  | Gap
  | Ack
  | Presence
  | TypingNow
  | ReadMark
  | Error
  | Access
  | Bye
  | Pong;

/** What a client sends on the list of rooms. */
export type ListCommand =
  | Auth
  | Ping;

/** The current state of a room in the list: head, last entry, and unread messages of others (at most 1000, W10). */
export type ItemChanged = {
  readonly type: "item";
  readonly item: string;
  readonly head: number;
  readonly last: Entry | null;
  readonly unread: number;
};

/** The end of the initial rooms; the lines after it report changes (W10). */
export type ListReady = {
  readonly type: "ready";
};

/** What a server sends on the list of rooms. */
export type ListLine =
  | ItemChanged
  | ListReady
  | Error
  | Access
  | Bye
  | Pong;

/** A message to send, or an event of the application (S14). Without an `id` the server generates one. */
export type NewEntry = {
  readonly body: Json;
  readonly id?: string;
  readonly kind?: "event" | "message";
};

/** A page of entries, ascending; the seq of the room's last entry and of the first one it keeps; the log's id. */
export type Entries = {
  readonly entries: readonly Entry[];
  readonly head: number;
  readonly oldest: number;
  readonly log: string;
};

/** A room in a list: its last entry, and how many messages of others follow the reader's mark (at most 1000). */
export type ItemSummary = {
  readonly item: string;
  readonly head: number;
  readonly last: Entry | null;
  readonly unread: number;
};

/** The rooms that the caller may read, the latest first. */
export type Items = {
  readonly items: readonly ItemSummary[];
};

/** The head of a room, and how many messages of others follow a member's read mark (at most 1000). */
export type UnreadCount = {
  readonly item: string;
  readonly head: number;
  readonly unread: number;
};

/** The head and the number of unread messages of each requested item, in the order of the request. */
export type Unread = {
  readonly items: readonly UnreadCount[];
};
