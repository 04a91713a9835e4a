// Stores drafts: in the journal at once, then in storage, one operation after the other.

import type { Platform } from "../platform/platform";
import { Journal } from "../storage/journal";
import type { RoomKey } from "../storage/storage";
import { type Draft, draftOf, keptOf } from "./drafts";

/** Ids remembered as settled, so that a list that was read a moment earlier does not restore them. */
const SETTLED_KEPT = 500;

export class DraftStore {
  /** The last operation: each waits for the one before, so that a read is never older than a write. */
  #work: Promise<void> = Promise.resolve();
  readonly #stored = new Set<string>();
  /** Drafts that wait to be written, and how often: a version read meanwhile is older. */
  readonly #writing = new Map<string, number>();
  readonly #settled = new Set<string>();
  readonly #journal: Journal;
  readonly #platform: Pick<Platform, "notes" | "storage">;
  #key: RoomKey | null;

  /** `key` null: the author is not known, so drafts live in memory. */
  constructor(key: RoomKey | null, platform: Pick<Platform, "notes" | "storage">) {
    this.#key = key;
    this.#platform = platform;
    this.#journal = new Journal(platform.notes);
  }

  get key(): RoomKey | null {
    return this.#key;
  }

  identify(key: RoomKey | null): void {
    this.#key = key;
    this.#stored.clear();
  }

  /**
   * Return a new id that sorts behind `lastId` and behind all ids that this browser has created, independent of its
   * clock.
   */
  newId(now: number, lastId: string): string {
    return this.#journal.newId(now, lastId);
  }

  /**
   * Merge the drafts of earlier visits and other tabs into `current`, those of this tab. Returns the drafts in order, and
   * those that are stored; null where nothing could be read, or the member changed meanwhile.
   */
  async load(
    current: () => readonly Draft[],
  ): Promise<{ readonly drafts: readonly Draft[]; readonly stored: readonly Draft[] } | null> {
    let merged: { drafts: readonly Draft[]; stored: readonly Draft[] } | null = null;
    await this.#queue(async () => {
      const key = this.#key;
      if (key === null) return;
      const kept = await this.#platform.storage.drafts(key);
      if (key !== this.#key) return;
      const there = new Set(kept.map(({ id }) => id));
      const noted = this.#journal.drafts(key).filter(({ id }) => !there.has(id));
      for (const { id } of noted) there.add(id);
      const mine = current().filter(
        ({ id, progress }) => progress.is === "sent" || !this.#stored.has(id) || there.has(id),
      );
      const known = new Map(mine.map((draft) => [draft.id, draft]));
      const stored = [...kept, ...noted]
        .filter(({ id }) => !this.#settled.has(id) && !this.#writing.has(id))
        .filter(({ id }) => known.get(id)?.progress.is !== "sent")
        .map(draftOf);
      for (const draft of stored) {
        this.#stored.add(draft.id);
        known.set(draft.id, draft);
      }
      merged = { drafts: [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), stored };
    });
    return merged;
  }

  /** Store a draft; resolves also where storage failed. Returns false where the member changed meanwhile. */
  async keep(draft: Draft): Promise<boolean> {
    const key = this.#key;
    const kept = key === null ? null : keptOf(key, draft);
    // Storage takes a moment, in which the page may end.
    if (kept !== null) this.#journal.add(kept);
    this.#writing.set(draft.id, (this.#writing.get(draft.id) ?? 0) + 1);
    await this.#queue(async () => {
      if (kept === null || this.#settled.has(draft.id)) return;
      await this.#platform.storage.putDraft(kept);
      if (this.#platform.storage.durable) this.#journal.remove(kept, draft.id);
      if (key === this.#key) this.#stored.add(draft.id);
    });
    const left = (this.#writing.get(draft.id) ?? 1) - 1;
    if (left > 0) this.#writing.set(draft.id, left);
    else this.#writing.delete(draft.id);
    return key === this.#key;
  }

  /** Remove a draft that is durable on the server, or discarded. */
  remove(id: string): void {
    this.settled(id);
    const key = this.#key;
    if (key === null) return;
    this.#journal.remove(key, id);
    void this.#queue(async () => {
      if (this.#stored.delete(id)) await this.#platform.storage.removeDraft(key, id);
    });
  }

  /** Another tab has removed a draft from storage; what this tab still holds of it must not come back there. */
  removedElsewhere(id: string): void {
    this.#stored.add(id);
    this.remove(id);
  }

  settled(id: string): void {
    this.#settled.add(id);
    for (const old of this.#settled) {
      if (this.#settled.size <= SETTLED_KEPT) break;
      this.#settled.delete(old);
    }
  }

  /** Run an operation after those before it. One that fails is ignored: drafts are sent without storage, too. */
  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch(() => undefined);
    return this.#work;
  }
}
