// A draft: what a member has written and the log does not hold yet.
import type { Delete, Edit, Send } from "../protocol/wire.gen";
import type { KeptDraft, RoomKey } from "../storage/storage";

/** Where a draft is on its way: `sent` is durable, and only its entry has not come back yet. */
export type Progress =
  | { readonly is: "waiting" }
  | { readonly is: "sent"; readonly seq: number }
  | { readonly is: "refused"; readonly code: string; readonly message: string };

export type Draft = {
  readonly type: "draft";
  readonly id: string;
  readonly command: Send | Edit | Delete;
  readonly at: number;
  readonly progress: Progress;
  /** The author's id, and the log that the draft was written for; null where the server had not told yet. */
  readonly you: string | null;
  readonly log: string | null;
};

/** The code of a change whose message is gone with the log it was in: it must not reach another one of its number. */
export const LOG_RESET = "log_reset";

export const waiting: Progress = { is: "waiting" };

export function keptOf(key: RoomKey, { id, command, at, progress, you, log }: Draft): KeptDraft {
  const refused = progress.is === "refused" ? { code: progress.code, message: progress.message } : null;
  return { ...key, id, command, at, you, log, refused };
}

export function draftOf({ id, command, at, you, log, refused }: KeptDraft): Draft {
  const progress: Progress = refused === null ? waiting : { is: "refused", ...refused };
  return { type: "draft", id, command, at, progress, you, log };
}
