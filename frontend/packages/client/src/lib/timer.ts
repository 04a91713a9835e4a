// A timer for one action, due at most once at a time.

export class Timer {
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #act: () => void;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** Act in `ms`, unless the action is due already. */
  within(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#act();
    }, ms);
  }

  /** Act in `ms`, instead of when it was due before. */
  at(ms: number): void {
    this.cancel();
    this.within(ms);
  }

  /** Act now if the action is due. */
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
