// A draft: a message, edit or delete that is not in the log yet.
import type { Delete, Edit, Send } from "../protocol/wire.gen";
import type { KeptDraft, RoomKey } from "../storage/storage";

/** The progress of a draft; `sent`: it is durable, and its entry has not arrived yet. */
export type Progress =
  | { readonly is: "waiting" }
  | { readonly is: "sent"; readonly seq: number }
  | { readonly is: "refused"; readonly code: string; readonly message: string };

export type Command = Send | Edit | Delete;

export type Draft = {
  readonly type: "draft";
  readonly id: string;
  readonly command: Command;
  readonly at: number;
  /** Not sent before this time (ms since the epoch), so that the member can take it back; null: at once. */
  readonly notBefore: number | null;
  readonly progress: Progress;
  /** The author's id, and the log that the draft was written for; null where they were not known. */
  readonly you: string | null;
  readonly log: string | null;
  /** The id of the message that it changes; null where that is not known, or it changes none. */
  readonly targetId: string | null;
};

/** The error code of a change whose log was replaced: its target's number is another message's now. */
export const LOG_RESET = "log_reset";

export const waiting: Progress = { is: "waiting" };

export function keptOf(key: RoomKey, { progress, type: _, ...draft }: Draft): KeptDraft {
  const refused = progress.is === "refused" ? { code: progress.code, message: progress.message } : null;
  return { ...key, ...draft, refused };
}

/** An earlier version of this library stored drafts without `notBefore` and `targetId`. */
export function draftOf(kept: KeptDraft): Draft {
  const { id, command, at, notBefore = null, you, log, targetId = null, refused } = kept;
  const progress: Progress = refused === null ? waiting : { is: "refused", ...refused };
  return { type: "draft", id, command, at, notBefore, progress, you, log, targetId };
}
