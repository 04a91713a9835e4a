// What a room shows, top to bottom: what is gone, the messages of the log, and what is still on its way there.

import type { Gap, MessageEntry } from "../protocol/wire.gen";
import { type Draft, LOG_RESET } from "./drafts";
import type { Outbox } from "./outbox";
import type { Timeline } from "./timeline";

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
