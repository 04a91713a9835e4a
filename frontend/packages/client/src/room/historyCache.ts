// Stores the end of a room's log, so that the room opens with what was last seen there.
import { Timer } from "../lib/timer";
import type { Platform } from "../platform/platform";
import type { RoomKey } from "../storage/storage";
import type { Timeline } from "./timeline";

/** Entries stored of each room. */
export const ENTRIES_STORED = 300;
const EVERY_MS = 1000;

export class HistoryCache {
  /** The member's id in the room, once the server has sent it. */
  you: string | null = null;
  /** Null: the member is not known yet, so nothing is stored. */
  key: RoomKey | null;
  readonly #due = new Timer(() => void this.#keep());
  readonly #timeline: Timeline;
  readonly #platform: Platform;

  constructor(key: RoomKey | null, timeline: Timeline, platform: Platform) {
    this.key = key;
    this.#timeline = timeline;
    this.#platform = platform;
  }

  /** Begin the timeline with what an earlier visit has stored; storage that fails has nothing. */
  async restore(): Promise<void> {
    if (this.key === null) return;
    const kept = await this.#platform.storage.history(this.key).catch(() => undefined);
    if (kept === undefined || this.#timeline.log !== null) return;
    this.#timeline.restore(kept);
    this.you = kept.you;
  }

  /** The timeline has changed: store it soon. */
  touch(): void {
    this.#due.within(EVERY_MS);
  }

  /** Store now what would be stored soon: the page may end. */
  now(): void {
    this.#due.now();
  }

  /** Store nothing more. */
  stop(): void {
    this.#due.cancel();
  }

  async #keep(): Promise<void> {
    const held = this.#timeline.snapshot(ENTRIES_STORED);
    if (held === null || this.key === null) return;
    const history = { ...held, ...this.key, you: this.you };
    // Where this fails, the next visit loads the history from the server.
    await this.#platform.storage.putHistory({ ...history, at: this.#platform.now() }).catch(() => undefined);
  }
}
