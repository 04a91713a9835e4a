// A store whose news goes out once a frame, because lines can come faster than a page is drawn.

export class FrameStore<View> {
  #view: View;
  #asked = false;
  readonly #listeners = new Set<() => void>();
  readonly #look: () => View;
  readonly #nextFrame: (draw: () => void) => void;

  constructor(look: () => View, nextFrame: (draw: () => void) => void) {
    this.#look = look;
    this.#nextFrame = nextFrame;
    this.#view = look();
  }

  /** The same object until listeners have been told of a change. */
  view = (): View => this.#view;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  changed(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#nextFrame(() => {
      this.#asked = false;
      this.#view = this.#look();
      for (const listener of this.#listeners) listener();
    });
  }
}
