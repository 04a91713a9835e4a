// Where a room resumes, and the proof that the server's log still has what this tab holds.
import { Timer } from "../lib/timer";
import type { ResumePosition } from "../protocol/addresses";
import type { Http } from "../protocol/http";
import type { Hello } from "../protocol/wire.gen";
import type { Taken, Timeline } from "./timeline";

/** How long the server has to send the last entry again, in ms, before it is asked over HTTP. */
const PROOF_MS = 1000;

export class Resume {
  #hello: Hello | null = null;
  #onProven: (() => void) | null = null;
  /** The last seq that was held at the greeting. */
  #held = 0;
  readonly #late = new Timer(() => void this.#ask());
  readonly #item: string;
  readonly #timeline: Timeline;
  readonly #http: Http;
  readonly #onLost: (hello: Hello) => void;

  /** `onLost`: the log lost entries that the timeline holds, although it has the same id. */
  constructor(item: string, timeline: Timeline, http: Http, onLost: (hello: Hello) => void) {
    this.#item = item;
    this.#timeline = timeline;
    this.#http = http;
    this.#onLost = onLost;
  }

  /**
   * The position from which the connection resumes: the last entry is read again, to see whether the log still has it. A
   * log that loses its last entries while no server knows of them keeps its id (X8).
   */
  get position(): ResumePosition {
    const { log, cursor, first } = this.#timeline;
    return { log, cursor: cursor !== null && first !== null ? cursor - 1 : cursor };
  }

  /** Call `next` once the log has shown that it has the last entry held; now where none is held. */
  greet(hello: Hello, next: () => void): void {
    this.#hello = hello;
    this.#onProven = next;
    this.#held = this.#timeline.cursor ?? 0;
    if (this.#timeline.first === null) this.#proven();
    else this.#late.at(PROOF_MS);
  }

  /** Take how a received entry fits; return whether it shows that entries were lost. */
  took(seq: number, taken: Taken): boolean {
    if (taken === "known" && seq >= this.#held) this.#proven();
    if (taken !== "other" || this.#hello === null) return false;
    this.#lost(this.#hello);
    return true;
  }

  /** The log keeps nothing of what is held (R4). */
  skipped(): void {
    this.#proven();
  }

  /** The connection was lost: what waits for the proof does not follow. */
  stop(): void {
    this.#onProven = null;
    this.#late.cancel();
  }

  #proven(): void {
    const next = this.#onProven;
    this.stop();
    next?.();
  }

  #lost(hello: Hello): void {
    this.stop();
    this.#onLost(hello);
  }

  /** Ask over HTTP: a browser that opens a stream of events again resumes behind the last entry. */
  async #ask(): Promise<void> {
    const waiting = this.#onProven;
    const held = this.#held;
    const page = await this.#http.page(this.#item, held + 1).catch(() => null);
    if (waiting === null || waiting !== this.#onProven || this.#hello === null) return;
    // The server closes the connections of a log that is replaced.
    if (page?.log !== this.#timeline.log) {
      this.#late.at(PROOF_MS);
      return;
    }
    const last = page.entries.at(-1);
    const isThere = last?.seq === held && this.#timeline.take(last) === "known";
    if (isThere || page.oldest > held) this.#proven();
    else this.#lost(this.#hello);
  }
}
