// Unread counts of given items (`GET /api/unread`), whether they are in the list or not.
import { type Http, HttpError } from "../protocol/http";
import type { UnreadCount } from "../protocol/wire.gen";
import type { RoomListModel } from "./state";

/** Items in one request, at most (rule W10). */
const ITEMS_AT_ONCE = 500;

export class UnreadWatch {
  /** How often each item is watched. */
  readonly #watched = new Map<string, number>();
  readonly #wanted = new Set<string>();
  readonly #http: Http;
  readonly #model: RoomListModel;
  readonly #onChange: () => void;

  constructor(http: Http, model: RoomListModel, onChange: () => void) {
    this.#http = http;
    this.#model = model;
    this.#onChange = onChange;
  }

  watch(items: readonly string[]): () => void {
    const distinct = [...new Set(items)];
    for (const item of distinct) this.#watched.set(item, (this.#watched.get(item) ?? 0) + 1);
    this.#want(distinct);
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      const gone: string[] = [];
      for (const item of distinct) {
        const left = (this.#watched.get(item) ?? 1) - 1;
        if (left > 0) this.#watched.set(item, left);
        else if (this.#watched.delete(item)) gone.push(item);
      }
      this.#model.forgetCounts(gone);
    };
  }

  /** Ask again for all that is watched: changes may have been missed. */
  refresh(): void {
    this.#want([...this.#watched.keys()]);
  }

  #want(items: readonly string[]): void {
    if (items.length === 0) return;
    const scheduled = this.#wanted.size > 0;
    for (const item of items) this.#wanted.add(item);
    // Badges of one page are added one by one, and requested together.
    if (!scheduled) queueMicrotask(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (let from = 0; from < wanted.length; from += ITEMS_AT_ONCE) {
      const counts = await this.#countsOf(wanted.slice(from, from + ITEMS_AT_ONCE));
      const watched = counts.filter(({ item }) => this.#watched.has(item));
      this.#model.count(watched.map(({ item, unread }) => [item, unread] as const));
      this.#onChange();
    }
  }

  /** The counts of those items that the member may read; none where the server does not answer. */
  async #countsOf(items: readonly string[]): Promise<readonly UnreadCount[]> {
    try {
      return await this.#http.unread(items);
    } catch (error) {
      // One forbidden item refuses the request: halves find out which it is.
      if (!(error instanceof HttpError) || error.status !== 403 || items.length < 2) return [];
      const half = Math.ceil(items.length / 2);
      const first = await this.#countsOf(items.slice(0, half));
      return [...first, ...(await this.#countsOf(items.slice(half)))];
    }
  }
}
