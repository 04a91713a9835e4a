// The last lines that a room received and sent, and the time from each send to its ack: for developer tools.
import { Store } from "../lib/store";
import { byteLength } from "../protocol/frames";

export const WIRE_LINES = 500;
/** Characters of a line that are kept; its size is that of the whole line. */
const TEXT_KEPT = 4000;

export type WireLine = {
  /** 1 for the first line of this tab, then 2, 3 … */
  readonly n: number;
  readonly at: number;
  readonly way: "in" | "out";
  readonly over: "socket" | "events" | "http";
  readonly text: string;
  /** Bytes of UTF-8. */
  readonly size: number;
};

/** One send: when it was acknowledged (ms since the epoch), and how long that took (ms). */
export type Latency = { readonly at: number; readonly ms: number };

export type WireView = { readonly lines: readonly WireLine[]; readonly latencies: readonly Latency[] };

export class WireLog {
  #lines: WireLine[] = [];
  #latencies: Latency[] = [];
  #count = 0;
  readonly #sentAt = new Map<string, number>();
  readonly #store: Store<WireView>;

  constructor(nextFrame: (draw: () => void) => void) {
    this.#store = new Store(
      () => ({ lines: this.#lines.slice(-WIRE_LINES), latencies: this.#latencies }),
      nextFrame,
    );
  }

  view = (): WireView => this.#store.get();

  subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener);

  add(way: WireLine["way"], over: WireLine["over"], text: string, at: number): void {
    this.#count += 1;
    this.#lines.push({
      n: this.#count,
      at,
      way,
      over,
      text: text.slice(0, TEXT_KEPT),
      size: byteLength(text),
    });
    // Cut in large steps: moving 500 lines for each new one would cost more than the lines.
    if (this.#lines.length >= 2 * WIRE_LINES) this.#lines = this.#lines.slice(-WIRE_LINES);
    this.#store.changed();
  }

  sent(id: string, elapsed: number): void {
    this.#sentAt.set(id, elapsed);
    const oldest = this.#sentAt.keys().next();
    if (this.#sentAt.size > WIRE_LINES && oldest.done !== true) this.#sentAt.delete(oldest.value);
  }

  /** Note an ack. `at`: in ms since the epoch; `elapsed`: of the clock of `sent`. */
  acked(id: string, at: number, elapsed: number): void {
    const sentAt = this.#sentAt.get(id);
    if (sentAt === undefined) return;
    this.#sentAt.delete(id);
    this.#latencies = [...this.#latencies.slice(1 - WIRE_LINES), { at, ms: elapsed - sentAt }];
  }
}
