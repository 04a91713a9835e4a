// Rooms over HTTP: pages of history (W1), sending (W2), the list of items (W4).

import { PROVIDER_MS, RefusedAttempts } from "../auth/authentication";
import { type AskCredential, bearer, entriesUrl, itemsUrl, named } from "../auth/tokens";
import { withTimeout } from "../lib/timeout";
import type { World } from "../platform/platform";
import type { Page } from "../room/timeline";
import type { Origin } from "./urls";
import type { Entries, Entry, ItemSummary, Error as Refusal, Send } from "./wire.gen";

/** Entries in a page of history. */
export const PAGE = 100;
/** How long a refused token is not tried again, in ms. */
const REFUSED_MS = 20_000;

/** An answer other than 2xx: a problem document (rule W6). */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryMs: number | undefined;
  /** Why the credential is refused, where it is. */
  readonly reason: string | undefined;

  constructor(
    status: number,
    problem: { code?: unknown; detail?: unknown; retry_ms?: unknown; reason?: unknown },
  ) {
    super(typeof problem.detail === "string" ? problem.detail : `HTTP ${status}`);
    this.status = status;
    this.code = typeof problem.code === "string" ? problem.code : "http";
    this.retryMs = typeof problem.retry_ms === "number" ? problem.retry_ms : undefined;
    this.reason = typeof problem.reason === "string" ? problem.reason : undefined;
  }
}

export class Http {
  readonly #origin: Origin;
  readonly #ask: AskCredential;
  /** The token that was refused last, until when it is not tried again. */
  #refused: { readonly token: string | null; readonly until: number; readonly error: HttpError } | null =
    null;
  readonly #attempts: RefusedAttempts;
  readonly #world: Pick<World, "fetch" | "elapsed">;

  /** `attempts`: those of the rooms of this tab, so that sockets and HTTP share one limit. */
  constructor(
    origin: Origin,
    ask: AskCredential,
    world: Pick<World, "fetch" | "elapsed">,
    attempts = new RefusedAttempts(world),
  ) {
    this.#attempts = attempts;
    this.#origin = origin;
    this.#ask = ask;
    this.#world = world;
  }

  /** Rejects with HttpError, or with what `fetch` rejects. */
  async page(item: string, before: number): Promise<Page> {
    const found = await this.#json<Entries>((name) =>
      entriesUrl(this.#origin, item, { ...name, before: String(before), limit: String(PAGE) }),
    );
    return { ...found, before };
  }

  /** Resolves where the credential may read the item; rejects like `page`. */
  async access(item: string): Promise<void> {
    await this.#json((name) => entriesUrl(this.#origin, item, { ...name, limit: "1" }));
  }

  /** Ends the login, or the token that is in use (W5). */
  async signOut(): Promise<void> {
    await this.#json(() => `${this.#origin.protocol}//${this.#origin.host}/api/session`, {
      method: "DELETE",
    });
  }

  /** The rooms one may read, or those whose id begins with `prefix`, up to 100 of them, the latest first. */
  async items(prefix?: string): Promise<readonly ItemSummary[]> {
    const more = prefix === undefined ? {} : { prefix };
    const found = await this.#json<{ items: readonly ItemSummary[] }>((name) =>
      itemsUrl(this.#origin, { ...name, ...more }),
    );
    return found.items;
  }

  /** What a send became, as a socket would have told it. */
  async send(item: string, { id, body }: Send): Promise<Entry | Refusal> {
    try {
      return await this.#json<Entry>((name) => entriesUrl(this.#origin, item, name), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id, body }),
      });
    } catch (error) {
      if (!(error instanceof HttpError))
        return { type: "error", id, code: "unavailable", message: String(error) };
      // A refused credential says nothing about what was written: it waits for another token.
      const again = error.status >= 500 || error.status === 401;
      const retry = error.retryMs ?? (again ? 1000 : undefined);
      return {
        type: "error",
        id,
        code: error.code,
        message: error.message,
        ...(retry !== undefined && { retry_ms: retry }),
      };
    }
  }

  async #json<T>(address: (name: Record<string, string>) => string, init: RequestInit = {}): Promise<T> {
    const credential = await withTimeout(async () => this.#ask("attempt"), PROVIDER_MS);
    const known = this.#refused;
    // A token that the server refused a moment ago is refused again: asking would only add to the load.
    const repeated = known?.token === credential.token && this.#world.elapsed() < known.until;
    if (known !== null && (repeated || this.#attempts.waitMs() > 0)) throw known.error;
    const headers = { ...bearer(credential), ...(init.headers as Record<string, string> | undefined) };
    const response = await this.#world.fetch(address(named(credential)), { ...init, headers });
    const document: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      const error = new HttpError(response.status, (document ?? {}) as object);
      if (error.status === 401) {
        this.#refused = { token: credential.token, until: this.#world.elapsed() + REFUSED_MS, error };
        this.#attempts.note();
      }
      throw error;
    }
    this.#refused = null;
    return document as T; // the server's own encoder made it
  }
}
