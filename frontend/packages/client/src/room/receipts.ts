// What a member lets the others know without saying it, at a civil pace: writing, and having read (rules P4, P5).
import { Timer } from "../lib/timer";
import type { Read, Typing } from "../protocol/wire.gen";

const TYPING_EVERY_MS = 2000;
const READ_EVERY_MS = 500;

export class Receipts {
  #typedAt = 0;
  /** The last seq read, and the last one told. */
  #read = 0;
  #told = 0;
  readonly #tell = new Timer(() => this.#tellRead());
  readonly #say: (command: Typing | Read) => boolean;
  readonly #onRead: (seq: number) => void;

  /** `say`: false where nothing can be sent now. `onRead`: the server has been told of `seq`. */
  constructor(say: (command: Typing | Read) => boolean, onRead: (seq: number) => void) {
    this.#say = say;
    this.#onRead = onRead;
  }

  typing(now: number): void {
    if (now - this.#typedAt >= TYPING_EVERY_MS && this.#say({ type: "typing" })) this.#typedAt = now;
  }

  /** The member has read up to `seq`; what is told is the last one of a moment. */
  read(seq: number): void {
    this.#read = Math.max(this.#read, seq);
    if (this.#read > this.#told) this.#tell.within(READ_EVERY_MS);
  }

  /** The server's greeting: how far it knows the member to have read, of a log that may be another one. */
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
