// Storage that ends with the page: where the browser has none, and while it fails.
import {
  type KeptDraft,
  type KeptHistory,
  type MemberKey,
  ROOMS_KEPT,
  type RoomKey,
  type Storage,
} from "./storage";

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

  /** Return the drafts of all rooms. */
  allDrafts(): readonly KeptDraft[] {
    return [...this.#drafts.values()];
  }

  async putDraft(draft: KeptDraft): Promise<void> {
    this.#drafts.set(nameOf(draft, draft.id), draft);
  }

  async removeDraft(key: RoomKey, id: string): Promise<void> {
    this.#drafts.delete(nameOf(key, id));
  }

  async history(key: RoomKey): Promise<KeptHistory | undefined> {
    return this.#histories.get(nameOf(key));
  }

  async putHistory(history: KeptHistory): Promise<void> {
    this.#histories.set(nameOf(history), history);
    if (this.#histories.size <= ROOMS_KEPT) return;
    const [oldest] = [...this.#histories].sort(([, a], [, b]) => a.at - b.at);
    if (oldest !== undefined) this.#histories.delete(oldest[0]);
  }

  async forget({ server, member }: MemberKey, { drafts }: { readonly drafts: boolean }): Promise<void> {
    for (const kept of [this.#histories, ...(drafts ? [this.#drafts] : [])])
      for (const [key, one] of kept) if (one.server === server && one.member === member) kept.delete(key);
  }
}

function nameOf({ server, item, member }: RoomKey, id = ""): string {
  return JSON.stringify([server, item, member, id]);
}
