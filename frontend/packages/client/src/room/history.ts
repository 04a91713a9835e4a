// Older pages of a room's log, one at a time, as the reader comes to them.
import type { Http } from "../protocol/http";
import type { Older } from "./state";
import type { Timeline } from "./timeline";

export class Pager {
  #older: Older = "idle";
  readonly #item: string;
  readonly #timeline: Timeline;
  readonly #http: Http;
  readonly #onChange: () => void;

  constructor(item: string, timeline: Timeline, http: Http, onChange: () => void) {
    this.#item = item;
    this.#timeline = timeline;
    this.#http = http;
    this.#onChange = onChange;
  }

  get older(): Older {
    return this.#older === "idle" && this.#timeline.complete ? "complete" : this.#older;
  }

  /** Asks for the page before the first entry held; a failure is told, and may be tried again. */
  async load(): Promise<void> {
    const first = this.#timeline.first;
    if (first === null || this.#older === "loading" || this.#timeline.complete) return;
    this.#become("loading");
    try {
      this.#timeline.prepend(await this.#http.page(this.#item, first));
      this.#become("idle");
    } catch {
      this.#become("failed");
    }
  }

  #become(older: Older): void {
    this.#older = older;
    this.#onChange();
  }
}
