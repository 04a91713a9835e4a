// What is stored between visits: drafts that are not sent, and the end of each room's log.
import type { Code, Delete, Edit, Send } from "../protocol/wire.gen";
import type { Snapshot } from "../room/timeline";

/** A member of a server: data of different members is never mixed. */
export type MemberKey = { readonly server: string; readonly member: string };

/** A member's view of an item. */
export type RoomKey = MemberKey & { readonly item: string };

/** A draft; `refused`: why the server did not take it. */
export type KeptDraft = RoomKey & {
  readonly id: string;
  readonly command: Send | Edit | Delete;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  /** Not sent before this time; null or missing: at once. */
  readonly notBefore?: number | null;
  /** The author's id as the server sent it; null: written before the first greeting. */
  readonly you: string | null;
  /** The log that it was written for; null where that was not known. */
  readonly log: string | null;
  /** The id of the message that it changes; null or missing: not known, or it changes none. */
  readonly targetId?: string | null;
  readonly refused: { readonly code: Code | (string & {}); readonly message: string } | null;
};

/** The end of a room's log; `you` is the member's id there, `at` when it was stored (ms since the epoch). */
export type KeptHistory = RoomKey & Snapshot & { readonly you: string | null; readonly at: number };

/** Rooms whose history is stored; those that were not opened for the longest time are dropped first. */
export const ROOMS_KEPT = 50;

/** Every method may reject, if the browser's storage fails. */
export interface Storage {
  /** Whether what is stored outlives the page. */
  readonly durable: boolean;
  /** Call `listener` when `durable` changes; returns the function that ends this. */
  watch(listener: () => void): () => void;
  /** Return the room's drafts in the order in which they were written. */
  drafts(key: RoomKey): Promise<KeptDraft[]>;
  putDraft(draft: KeptDraft): Promise<void>;
  removeDraft(key: RoomKey, id: string): Promise<void>;
  history(key: RoomKey): Promise<KeptHistory | undefined>;
  putHistory(history: KeptHistory): Promise<void>;
  /** Remove the histories of a member in all rooms; with `drafts` also the drafts. */
  forget(key: MemberKey, what: { readonly drafts: boolean }): Promise<void>;
}
