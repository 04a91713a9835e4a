// The end of a room's log on the storage: a room opens with what was last seen there.
import { Timer } from "../lib/timer";
import type { Platform } from "../platform/platform";
import type { RoomKey } from "../storage/storage";
import type { Timeline } from "./timeline";

/** Entries kept of each room. */
export const ARCHIVED = 300;
const EVERY_MS = 1000;

export class HistoryCache {
  /** Whose the timeline is: the member's id in the room, once the server has told it. */
  you: string | null = null;
  /** Null: nobody knows yet whose this is, so nothing is kept. */
  key: RoomKey | null;
  readonly #due = new Timer(() => void this.#keep());
  readonly #timeline: Timeline;
  readonly #platform: Platform;

  constructor(key: RoomKey | null, timeline: Timeline, platform: Platform) {
    this.key = key;
    this.#timeline = timeline;
    this.#platform = platform;
  }

  /** Begins the timeline with what an earlier visit has kept; a storage that fails has nothing. */
  async restore(): Promise<void> {
    if (this.key === null) return;
    const kept = await this.#platform.storage.history(this.key).catch(() => undefined);
    if (kept === undefined || this.#timeline.log !== null) return;
    this.#timeline.restore(kept);
    this.you = kept.you;
  }

  /** The timeline has changed. */
  touch(): void {
    this.#due.within(EVERY_MS);
  }

  /** The page may be gone in a moment. */
  now(): void {
    this.#due.now();
  }

  /** Nothing more is kept. */
  stop(): void {
    this.#due.cancel();
  }

  async #keep(): Promise<void> {
    const held = this.#timeline.snapshot(ARCHIVED);
    if (held === null || this.key === null) return;
    const history = { ...held, ...this.key, you: this.you };
    // A full disk costs the quick start, nothing else.
    await this.#platform.storage.putHistory({ ...history, at: this.#platform.now() }).catch(() => undefined);
  }
}
