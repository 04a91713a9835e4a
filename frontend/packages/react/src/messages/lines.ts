// The lines of the log: days, the unread line, notes, and messages.
import type { Message, RoomState } from "alcove-client";
import { dayOf } from "./times";

export type Line =
  | { readonly type: "day"; readonly key: string; readonly at: number }
  | { readonly type: "unread" | "reset"; readonly key: string }
  | { readonly type: "gap"; readonly key: string; readonly from: number; readonly to: number }
  | { readonly type: "event"; readonly key: string; readonly message: Message }
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: Message;
      /** Whether the message above is of the same author, a moment earlier. */
      readonly follows: boolean;
    };

/** Messages of one author within this time are grouped, in ms. */
const GROUPED_MS = 300_000;

/** The entries that the member had not read when the room was opened: behind `after`, up to `upTo`. */
export type Unread = { readonly after: number; readonly upTo: number };

/** Return the lines; the unread line is before the first unread message of others. `me`: the member's id. */
export function linesOf(
  { messages, history }: Pick<RoomState, "messages" | "history">,
  unread: Unread | null,
  me: string | null,
): Line[] {
  const lines: Line[] = [];
  if (history.wasReset) lines.push({ type: "reset", key: "reset" });
  if (history.gap !== null) lines.push({ type: "gap", key: "gap", ...history.gap });
  let day = "";
  let author = "";
  let at = 0;
  let lineIsDue = unread !== null;
  for (const message of messages) {
    const today = dayOf(message.at);
    // A draft has no author before `hello`, which contains the member.
    const by = message.author.id === "" ? (me ?? "") : message.author.id;
    if (today !== day) {
      lines.push({ type: "day", key: `day ${today}`, at: message.at });
      author = "";
    }
    day = today;
    if (lineIsDue && by !== me && isUnread(message.seq, unread)) {
      lines.push({ type: "unread", key: "unread" });
      lineIsDue = false;
      author = "";
    }
    if (message.kind === "event") {
      lines.push({ type: "event", key: `${by} ${message.id}`, message });
      author = "";
      continue;
    }
    const follows = by === author && message.at - at < GROUPED_MS;
    author = by;
    at = message.at;
    // A message keeps its key when it gets into the log: the id is its author's.
    lines.push({ type: "message", key: `${by} ${message.id}`, message, follows });
  }
  return lines;
}

function isUnread(seq: number | null, unread: Unread | null): boolean {
  return unread !== null && seq !== null && seq > unread.after && seq <= unread.upTo;
}
