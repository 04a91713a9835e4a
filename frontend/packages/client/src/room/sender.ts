// Sends the drafts of an outbox in order, one at a time.
import { CommandError } from "../connection/pending";
import { Timer } from "../lib/timer";
import { byteLength } from "../protocol/frames";
import type { Ack } from "../protocol/wire.gen";
import type { Command, Draft } from "./drafts";

/** The way to the server while the room is live. */
export type Transmitter = {
  /** Send a command; resolves when it is durable (S3). Rejects with CommandError. */
  readonly transmit: (command: Command) => Promise<Ack>;
};

/** The codes after which the same command is sent again later (rules S6, S7). */
const RETRIED: ReadonlySet<string> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "unauthenticated",
]);
const DEFAULT_RETRY_MS = 1000;

type SenderOptions = {
  /** Ms since the epoch. */
  readonly now: () => number;
  /** The drafts that wait to be sent, in order. */
  readonly queue: () => Iterable<Draft>;
  /** Whether a draft may be sent now; where not, those behind it wait, too. */
  readonly isReady: (draft: Draft) => boolean;
  readonly onAcked: (id: string, seq: number) => void;
  readonly onRefused: (id: string, error: CommandError) => void;
};

export class Sender {
  #transmitter: Transmitter | null = null;
  #bodyBytes = 0;
  #inFlight: string | null = null;
  #paused = false;
  readonly #pause = new Timer(() => {
    this.#paused = false;
    this.next();
  });
  /** Send the drafts that had to wait. */
  readonly #due = new Timer(() => this.next());
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Whether the room is live. */
  get open(): boolean {
    return this.#transmitter !== null;
  }

  /** The id of the draft that the server has not answered yet. */
  get inFlight(): string | null {
    return this.#inFlight;
  }

  /** `bodyBytes`: how large a body may be (L1). Nothing is sent before `next`. */
  start(transmitter: Transmitter, bodyBytes: number): void {
    this.#transmitter = transmitter;
    this.#bodyBytes = bodyBytes;
  }

  /** Commands without an answer are sent again later, with the same id. */
  stop(): void {
    this.#transmitter = null;
    this.#inFlight = null;
    this.#pause.cancel();
    this.#due.cancel();
    this.#paused = false;
  }

  /** Wait no more for the answer to a draft; it is sent again. */
  release(id: string | null = this.#inFlight): void {
    if (this.#inFlight === id) this.#inFlight = null;
  }

  /**
   * Send the first draft that can be sent: were a second one under way, it could overtake a first one that must wait.
   */
  next(): void {
    const transmitter = this.#transmitter;
    if (transmitter === null || this.#inFlight !== null || this.#paused) return;
    const now = this.#options.now();
    for (const draft of this.#options.queue()) {
      const { id, command, notBefore } = draft;
      // A delete that can still be undone does not delay later drafts.
      if (notBefore !== null && now < notBefore) {
        this.#due.at(notBefore - now);
        continue;
      }
      if (!this.#options.isReady(draft)) return;
      const size = command.type === "delete" ? 0 : byteLength(JSON.stringify(command.body));
      if (size > this.#bodyBytes) {
        // A frame far too large would cost the connection (rule L1), so it does not leave the page.
        this.#options.onRefused(id, new CommandError("too_large", `${size} > ${this.#bodyBytes} bytes`));
        return;
      }
      this.#inFlight = id;
      void this.#transmit(transmitter, command);
      return;
    }
  }

  async #transmit(transmitter: Transmitter, command: Command): Promise<void> {
    const { id } = command;
    // An answer that arrives after `stop` does not belong to this connection.
    const isCurrent = () => transmitter === this.#transmitter;
    try {
      const { seq } = await transmitter.transmit(command);
      if (isCurrent()) this.#options.onAcked(id, seq);
    } catch (error) {
      if (isCurrent() && error instanceof CommandError) this.#failed(id, error);
    }
  }

  #failed(id: string, error: CommandError): void {
    const wasInFlight = id === this.#inFlight;
    this.release(id);
    if (error.code === "disconnected") return;
    if (error.retryMs === null && !RETRIED.has(error.code)) this.#options.onRefused(id, error);
    else if (wasInFlight) {
      this.#paused = true;
      this.#pause.at(error.retryMs ?? DEFAULT_RETRY_MS);
    }
  }
}
