// Older pages of a room's log, one at a time, as the reader comes to them.
import type { Http } from "../protocol/http";
import type { History } from "./state";
import type { Timeline } from "./timeline";

export class HistoryLoader {
  #status: History["status"] = "idle";
  #state: History = { status: "idle", gap: null, wasReset: false };
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

  /** The same object until something about it changes. */
  get state(): History {
    const { complete, resets } = this.#timeline;
    const status = this.#status === "idle" && complete ? "complete" : this.#status;
    const gap = complete ? this.#timeline.gap : null;
    const wasReset = resets > 0;
    const known = this.#state;
    if (known.status !== status || known.gap !== gap || known.wasReset !== wasReset)
      this.#state = { status, gap, wasReset };
    return this.#state;
  }

  /** Load the page before the first entry held. A failure is in the state; it may be tried again. */
  async load(): Promise<void> {
    const first = this.#timeline.first;
    if (first === null || this.#status === "loading" || this.#timeline.complete) return;
    this.#become("loading");
    try {
      this.#timeline.prepend(await this.#http.page(this.#item, first));
      this.#become("idle");
    } catch {
      this.#become("failed");
    }
  }

  #become(status: History["status"]): void {
    this.#status = status;
    this.#onChange();
  }
}
