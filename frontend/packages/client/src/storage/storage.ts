// What outlives the page: drafts on their way, and the end of each room's log as last seen.
import type { Code, Delete, Edit, Send } from "../protocol/wire.gen";
import type { Snapshot } from "../room/timeline";

/** A member of a server; what one member wrote or read is not another one's. */
export type MemberKey = { readonly server: string; readonly member: string };

/** A member's view of an item. */
export type RoomKey = MemberKey & { readonly item: string };

/** A send on its way; `refused` is why it stays. */
export type KeptDraft = RoomKey & {
  readonly id: string;
  readonly command: Send | Edit | Delete;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  /** The author's id as the server gave it; null: written before the first greeting of this `member`. */
  readonly you: string | null;
  /** The log that it was written for; null: none was known. */
  readonly log: string | null;
  readonly refused: { readonly code: Code | (string & {}); readonly message: string } | null;
};

/** The end of a room's log; `you` is the member's id there, `at` when it was kept. */
export type KeptHistory = RoomKey & Snapshot & { readonly you: string | null; readonly at: number };

/** Histories that are kept, at most; those of the rooms longest unseen go first. */
export const ROOMS_KEPT = 50;

/** Every method may reject, where the browser's storage fails. */
export interface Storage {
  /** Whether what is kept outlives the page. */
  readonly durable: boolean;
  /** Calls `listener` when `durable` changes; returns what ends that. */
  watch(listener: () => void): () => void;
  /** The room's drafts in the order they were written. */
  drafts(key: RoomKey): Promise<KeptDraft[]>;
  putDraft(draft: KeptDraft): Promise<void>;
  removeDraft(key: RoomKey, id: string): Promise<void>;
  history(key: RoomKey): Promise<KeptHistory | undefined>;
  putHistory(history: KeptHistory): Promise<void>;
  /** Removes what was read, and with `drafts` what was written, in all rooms of a member. */
  forget(key: MemberKey, what: { readonly drafts: boolean }): Promise<void>;
}
