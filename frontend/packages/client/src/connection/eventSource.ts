// Reads a room by Server-Sent Events (rule W3), on networks that let HTTP through and no socket.
import type { EventsLike, Platform } from "../platform/platform";

const CLOSED = 2;
const GOING_AWAY = 1001;

export type EventsListener = {
  readonly address: () => Promise<string>;
  readonly onFrame: (frame: string) => void;
  /** The stream was lost; the browser opens it again by itself, with `Last-Event-ID`, unless `over`. */
  readonly onBroken: (over: boolean) => void;
  /** The server ended the stream with a close code and a reason (W3). */
  readonly onClosed: (code: number, reason: string) => void;
};

export class EventStream {
  #source: EventsLike | null = null;
  #epoch = 0;
  readonly #listener: EventsListener;
  readonly #platform: Platform;

  constructor(listener: EventsListener, platform: Platform) {
    this.#listener = listener;
    this.#platform = platform;
  }

  get running(): boolean {
    return this.#source !== null;
  }

  /** Open the stream unless one is open. */
  start(): void {
    if (this.#source !== null) return;
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#listener.address().then(
      (url) => epoch === this.#epoch && this.#open(url),
      () => undefined, // stopped meanwhile
    );
  }

  stop(): void {
    this.#epoch += 1;
    if (this.#source === null) return;
    this.#source.onmessage = null;
    this.#source.onerror = null;
    this.#source.close();
    this.#source = null;
  }

  #open(url: string): void {
    const source = this.#platform.openEvents(url);
    this.#source = source;
    source.onmessage = ({ data }: MessageEvent<unknown>) => this.#listener.onFrame(String(data));
    // The server's last event: without it the browser would open the stream again, at once and for ever.
    source.addEventListener("close", ({ data }) => {
      if (this.#source !== source) return;
      this.stop();
      const { code, reason } = closing(data);
      this.#listener.onClosed(code, reason);
    });
    source.onerror = () => {
      const over = source.readyState === CLOSED;
      if (over) this.stop();
      this.#listener.onBroken(over);
    };
  }
}

/** Return the code and the reason of the server's last event; another shape counts as going away. */
function closing(data: unknown): { code: number; reason: string } {
  try {
    const { code, reason } = JSON.parse(String(data)) as { code?: unknown; reason?: unknown };
    if (typeof code === "number") return { code, reason: typeof reason === "string" ? reason : "" };
  } catch {
    // Not JSON, or nothing at all.
  }
  return { code: GOING_AWAY, reason: "" };
}
