// The end of a room's log on the shelf: a room opens with what was last seen there.
import { Later } from "../lib/timer";
import type { World } from "../platform/platform";
import type { RoomKey } from "../storage/storage";
import type { Timeline } from "./timeline";

/** Entries kept of each room. */
export const ARCHIVED = 300;
const EVERY_MS = 1000;

export class Archive {
  /** Whose the timeline is: the member's id in the room, once the server has told it. */
  you: string | null = null;
  /** Null: nobody knows yet whose this is, so nothing is kept. */
  key: RoomKey | null;
  readonly #due = new Later(() => void this.#keep());
  readonly #timeline: Timeline;
  readonly #world: World;

  constructor(key: RoomKey | null, timeline: Timeline, world: World) {
    this.key = key;
    this.#timeline = timeline;
    this.#world = world;
  }

  /** Begins the timeline with what an earlier visit has kept; a shelf that fails has nothing. */
  async restore(): Promise<void> {
    if (this.key === null) return;
    const kept = await this.#world.shelf.history(this.key).catch(() => undefined);
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
    const held = this.#timeline.held(ARCHIVED);
    if (held === null || this.key === null) return;
    const history = { ...held, ...this.key, you: this.you };
    // A full disk costs the quick start, nothing else.
    await this.#world.shelf.putHistory({ ...history, at: this.#world.now() }).catch(() => undefined);
  }
}
