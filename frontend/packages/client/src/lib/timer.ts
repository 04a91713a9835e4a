// One thing to be done later, at most once at a time.

export class Timer {
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #act: () => void;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** In `ms`, unless it is due already. */
  within(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#act();
    }, ms);
  }

  /** In `ms`, whatever was due before. */
  at(ms: number): void {
    this.cancel();
    this.within(ms);
  }

  /** At once, if it was due at all. */
  now(): void {
    if (this.#timer === null) return;
    this.cancel();
    this.#act();
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
