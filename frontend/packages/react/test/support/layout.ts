// A layout for tests: the simulated browser has none, and the virtual list renders only what has a size.
import { afterEach, beforeEach, vi } from "vitest";

const VIEWPORT = { width: 800, height: 600 };
const LINE = { width: 800, height: 40 };

class ImmediateResizeObserver {
  readonly #callback: ResizeObserverCallback;

  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
  }

  observe(target: Element): void {
    const contentRect = target.getAttribute("role") === "log" ? VIEWPORT : LINE;
    queueMicrotask(() =>
      this.#callback([{ target, contentRect } as unknown as ResizeObserverEntry], this as ResizeObserver),
    );
  }

  unobserve(): void {}
  disconnect(): void {}
}

/** Give elements a size during the tests of a file. */
export function layOut(): void {
  beforeEach(() => {
    vi.stubGlobal("ResizeObserver", ImmediateResizeObserver);
    Object.defineProperty(HTMLElement.prototype, "offsetParent", {
      configurable: true,
      get: () => document.body,
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    Reflect.deleteProperty(HTMLElement.prototype, "offsetParent");
  });
}
