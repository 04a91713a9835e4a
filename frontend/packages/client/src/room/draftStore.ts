// Where drafts are kept: noted at once, then stored, by one piece of work after the other.

import type { Platform } from "../platform/platform";
import { Journal } from "../storage/journal";
import type { RoomKey } from "../storage/storage";
import { type Draft, draftOf, keptOf } from "./drafts";

/** Ids remembered as settled, so that a list read a moment earlier does not bring them back. */
const SETTLED_KEPT = 500;

export class DraftStore {
  /** So that what is read is never older than what was written. */
  #work: Promise<void> = Promise.resolve();
  readonly #stored = new Set<string>();
  /** Drafts whose newest state waits to be stored, and how often: what is read of them meanwhile is older. */
  readonly #writing = new Map<string, number>();
  readonly #settled = new Set<string>();
  readonly #journal: Journal;
  readonly #platform: Pick<Platform, "notes" | "storage">;
  #key: RoomKey | null;

  /** `key` null: whose drafts these are is not known, so they live in memory. */
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

  /** A new id that sorts behind `lastId` and behind all that this browser has written, whatever its clock says. */
  newId(now: number, lastId: string): string {
    return this.#journal.newId(now, lastId);
  }

  /**
   * Merges what earlier visits and other tabs have left into `current`, what this tab has. Resolves to the drafts in
   * order, and to those that are stored; null where nothing could be read, or the member changed meanwhile.
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

  /** Notes a draft at once and stores it; resolves also where storage failed. False where the member changed meanwhile. */
  async keep(draft: Draft): Promise<boolean> {
    const key = this.#key;
    const kept = key === null ? null : keptOf(key, draft);
    // Storage takes a moment, in which the page may be gone.
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

  /** A draft is durable on the server, or discarded: it is kept no more. */
  remove(id: string): void {
    this.settled(id);
    const key = this.#key;
    if (key === null) return;
    this.#journal.remove(key, id);
    void this.#queue(async () => {
      if (this.#stored.delete(id)) await this.#platform.storage.removeDraft(key, id);
    });
  }

  /** Another tab has removed a draft from storage. */
  removedElsewhere(id: string): void {
    this.#stored.delete(id);
    this.settled(id);
  }

  settled(id: string): void {
    this.#settled.add(id);
    for (const old of this.#settled) {
      if (this.#settled.size <= SETTLED_KEPT) break;
      this.#settled.delete(old);
    }
  }

  /** Storage that fails keeps nothing beyond the page, and must not keep from sending either. */
  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch(() => undefined);
    return this.#work;
  }
}
