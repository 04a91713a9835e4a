// Storage with a time limit: where the browser's is refused, fails or hangs, memory takes over until the page ends.

import { withTimeout } from "../lib/timeout";
import { MemoryStorage } from "./memory";
import type { KeptDraft, KeptHistory, MemberKey, RoomKey, Storage } from "./storage";

/**
 * How long storage has to answer, in ms; a tab that is suspended in the middle of a transaction holds up all others.
 */
export const STORAGE_MS = 2000;
/** How long after a failure storage is tried again, in ms. */
export const RETRY_MS = 30_000;

export class BoundedStorage implements Storage {
  #store: Promise<Storage> | null = null;
  #retryAt: number | null = null;
  /** All drafts of this page, so that none is lost when storage fails later. */
  readonly #memory = new MemoryStorage();
  readonly #listeners = new Set<() => void>();
  readonly #load: () => Promise<Storage>;
  readonly #elapsed: () => number;

  constructor(load: () => Promise<Storage>, elapsed: () => number) {
    this.#load = load;
    this.#elapsed = elapsed;
  }

  get durable(): boolean {
    return this.#retryAt === null;
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drafts(key: RoomKey): Promise<KeptDraft[]> {
    const held = await this.#memory.drafts(key);
    const kept = await this.#try((store) => store.drafts(key));
    return kept ?? held;
  }

  async putDraft(draft: KeptDraft): Promise<void> {
    await this.#memory.putDraft(draft);
    await this.#try((store) => store.putDraft(draft));
  }

  async removeDraft(key: RoomKey, id: string): Promise<void> {
    await this.#memory.removeDraft(key, id);
    await this.#try((store) => store.removeDraft(key, id));
  }

  async history(key: RoomKey): Promise<KeptHistory | undefined> {
    return this.#try((store) => store.history(key));
  }

  async putHistory(history: KeptHistory): Promise<void> {
    await this.#try((store) => store.putHistory(history));
  }

  async forget(key: MemberKey, what: { readonly drafts: boolean }): Promise<void> {
    await this.#memory.forget(key, what);
    await this.#try((store) => store.forget(key, what));
  }

  /** Return the result if storage answers in time, else undefined; after a failure, storage is not used for a while. */
  async #try<T>(work: (store: Storage) => Promise<T>): Promise<T | undefined> {
    if (this.#retryAt !== null && this.#elapsed() < this.#retryAt) return undefined;
    try {
      return await withTimeout(async () => {
        this.#store ??= this.#load();
        const store = await this.#store;
        if (this.#retryAt !== null) await this.#catchUp(store);
        return work(store);
      }, STORAGE_MS);
    } catch {
      this.#store = null;
      this.#failing(this.#elapsed() + RETRY_MS);
      return undefined;
    }
  }

  /** Storage works again: store what memory has held meanwhile. */
  async #catchUp(store: Storage): Promise<void> {
    for (const draft of this.#memory.allDrafts()) await store.putDraft(draft);
    this.#failing(null);
  }

  #failing(retryAt: number | null): void {
    const durable = this.durable;
    this.#retryAt = retryAt;
    if (this.durable !== durable) for (const listener of [...this.#listeners]) listener();
  }
}
