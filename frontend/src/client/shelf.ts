// What outlives the page: drafts on their way, and the end of each room's log as last seen.
import type { Code, Delete, Edit, Send } from "./protocol.gen";
import type { Held } from "./timeline";

/** A member's view of an item; what one member wrote or read is not another one's. */
export type RoomKey = { readonly item: string; readonly member: string };

/** A send on its way; `refused` is why it stays. */
export type KeptDraft = RoomKey & {
  readonly id: string;
  readonly command: Send | Edit | Delete;
  /** When it was written, in ms since the epoch. */
  readonly at: number;
  readonly refused: { readonly code: Code | (string & {}); readonly message: string } | null;
};

/** The end of a room's log; `you` is the member's id there, `at` when it was kept. */
export type KeptHistory = RoomKey & Held & { readonly you: string | null; readonly at: number };

/** Every method may reject, where the browser's storage fails. */
export interface Shelf {
  /** The room's drafts in the order they were written. */
  drafts(key: RoomKey): Promise<KeptDraft[]>;
  putDraft(draft: KeptDraft): Promise<void>;
  removeDraft(key: RoomKey, id: string): Promise<void>;
  history(key: RoomKey): Promise<KeptHistory | undefined>;
  putHistory(history: KeptHistory): Promise<void>;
}

/** Forgets with the page: for browsers that forbid storage, and for tests. */
export class MemoryShelf implements Shelf {
  readonly #drafts = new Map<string, KeptDraft>();
  readonly #histories = new Map<string, KeptHistory>();

  async drafts({ item, member }: RoomKey): Promise<KeptDraft[]> {
    const own = [...this.#drafts.values()].filter((one) => one.item === item && one.member === member);
    return own.sort((a, b) => (a.id < b.id ? -1 : 1));
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
}

function name({ item, member }: RoomKey, id = ""): string {
  return JSON.stringify([item, member, id]);
}
