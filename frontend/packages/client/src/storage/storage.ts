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

/** Forgets with the page: for browsers that forbid storage, and for tests. */
export class MemoryStorage implements Storage {
  readonly durable: boolean = false;
  readonly #drafts = new Map<string, KeptDraft>();
  readonly #histories = new Map<string, KeptHistory>();

  watch(): () => void {
    return () => undefined;
  }

  async drafts({ server, item, member }: RoomKey): Promise<KeptDraft[]> {
    const own = [...this.#drafts.values()].filter(
      (one) => one.server === server && one.item === item && one.member === member,
    );
    return own.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The drafts of all rooms. */
  allDrafts(): readonly KeptDraft[] {
    return [...this.#drafts.values()];
  }

  async putDraft(draft: KeptDraft): Promise<void> {
    this.#drafts.set(name(draft, draft.id), draft);
  }

  async removeDraft(key: RoomKey, id: string): Promise<void> {
    this.#drafts.delete(name(key, id));
  }

  async history(key: RoomKey): Promise<KeptHistory | undefined> {
    return this.#histories.get(name(key));
  }

  async putHistory(history: KeptHistory): Promise<void> {
    this.#histories.set(name(history), history);
  }

  async forget({ server, member }: MemberKey, { drafts }: { readonly drafts: boolean }): Promise<void> {
    for (const kept of [this.#histories, ...(drafts ? [this.#drafts] : [])])
      for (const [key, one] of kept) if (one.server === server && one.member === member) kept.delete(key);
  }
}

function name({ server, item, member }: RoomKey, id = ""): string {
  return JSON.stringify([server, item, member, id]);
}
