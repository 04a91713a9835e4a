// A store that notifies its listeners once per frame, because lines can arrive faster than a page is drawn.

export class Store<State> {
  #state: State;
  #stale = false;
  #scheduled = false;
  readonly #listeners = new Set<() => void>();
  readonly #compute: () => State;
  readonly #nextFrame: (draw: () => void) => void;

  constructor(compute: () => State, nextFrame: (draw: () => void) => void) {
    this.#compute = compute;
    this.#nextFrame = nextFrame;
    this.#state = compute();
  }

  /** Return the current state: the same object until something changes. */
  get = (): State => {
    if (this.#stale) {
      this.#stale = false;
      this.#state = this.#compute();
    }
    return this.#state;
  };

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  changed(): void {
    this.#stale = true;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextFrame(() => {
      this.#scheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
