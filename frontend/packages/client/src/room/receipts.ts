// Sends typing signs and read marks, at a limited rate (rules P4, P5).
import { Timer } from "../lib/timer";
import type { Read, Typing } from "../protocol/wire.gen";

const TYPING_EVERY_MS = 2000;
const READ_EVERY_MS = 500;

export class Receipts {
  #typedAt = 0;
  /** The last seq that was read, and the last one that the server knows. */
  #read = 0;
  #told = 0;
  readonly #tell = new Timer(() => this.#tellRead());
  readonly #say: (command: Typing | Read) => boolean;
  readonly #onRead: (seq: number) => void;

  /** `say`: false where nothing can be sent now. `onRead`: the mark was sent. */
  constructor(say: (command: Typing | Read) => boolean, onRead: (seq: number) => void) {
    this.#say = say;
    this.#onRead = onRead;
  }

  typing(now: number): void {
    if (now - this.#typedAt >= TYPING_EVERY_MS && this.#say({ type: "typing" })) this.#typedAt = now;
  }

  /** Note that the member has read up to `seq`; the last mark of half a second is sent. */
  read(seq: number): void {
    this.#read = Math.max(this.#read, seq);
    if (this.#read > this.#told) this.#tell.within(READ_EVERY_MS);
  }

  /** Take the mark that the server knows, and the head of the log: a mark of another log does not count. */
  greet(told: number, head: number): void {
    this.#told = told;
    this.#read = Math.min(this.#read, head);
    if (this.#read > told) this.#tell.within(READ_EVERY_MS);
  }

  stop(): void {
    this.#tell.cancel();
  }

  #tellRead(): void {
    if (this.#read <= this.#told || !this.#say({ type: "read", seq: this.#read })) return;
    this.#told = this.#read;
    this.#onRead(this.#told);
  }
}
