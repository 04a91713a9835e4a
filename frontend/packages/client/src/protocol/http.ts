// Requests over HTTP: pages of history (W1), commands (W2, W11), the list of rooms (W4), unread counts (W10).

import { PROVIDER_MS } from "../auth/authentication";
import { RefusedAttempts } from "../auth/refusedAttempts";
import type { Credential, GetCredential } from "../auth/tokens";
import { TimeoutError, withTimeout } from "../lib/timeout";
import type { Platform } from "../platform/platform";
import type { Page } from "../room/timeline";
import { apiUrl, bearer, entriesUrl, named } from "./addresses";
import { byteLength } from "./frames";
import type { Origin } from "./urls";
import type { Delete, Edit, Entries, Entry, ItemSummary, Items, Send, Unread, UnreadCount } from "./wire.gen";

/** Entries in a page of history. */
export const PAGE = 100;
/** How long a refused token is not tried again, in ms. */
const REFUSED_MS = 20_000;

/** How long the server has to answer a request, in ms: the slowest network takes so long with a page of history. */
export const ANSWER_MS = 20_000;
/**
 * How long the server has to answer a command, in ms, so that a lost one is acked within 10 s when it is sent again; each
 * KB of body takes longer, at 32 kbit/s. After each attempt without an answer the next one has twice the time.
 */
export const COMMAND_MS = 8_000;
const MS_PER_KB = 250;
const LONGEST_MS = 64_000;
/** Bytes of a body that take no time of their own. */
const SMALL = 4096;

/** An answer other than 2xx: a problem document (rule W6). */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryMs: number | undefined;
  /** Why the credential is refused, on a 401. */
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

  /** The close code by which a socket would be refused for the same reason; undefined where none would. */
  get closeCode(): number | undefined {
    return { 401: 4401, 403: 4403 }[this.status];
  }
}

export class Http {
  readonly #origin: Origin;
  readonly #ask: GetCredential;
  /** The token that was refused last, and until when it is not tried again. */
  #refused: { readonly token: string | null; readonly until: number; readonly error: HttpError } | null =
    null;
  /** How many commands in a row had no answer in time. */
  #unanswered = 0;
  readonly #attempts: RefusedAttempts;
  readonly #platform: Pick<Platform, "fetch" | "elapsed">;

  /** `attempts`: shared with the rooms of this tab, so that sockets and HTTP have one limit. */
  constructor(
    origin: Origin,
    ask: GetCredential,
    platform: Pick<Platform, "fetch" | "elapsed">,
    attempts = new RefusedAttempts(platform),
  ) {
    this.#attempts = attempts;
    this.#origin = origin;
    this.#ask = ask;
    this.#platform = platform;
  }

  /** Return the entries before `before`. Rejects with HttpError, or with what `fetch` rejects. */
  async page(item: string, before: number): Promise<Page> {
    const found = await this.#json<Entries>((name) =>
      entriesUrl(this.#origin, item, { ...name, before: String(before), limit: String(PAGE) }),
    );
    return { ...found, before };
  }

  /** Resolve if the credential may read the item; reject like `page`. */
  async access(item: string): Promise<void> {
    await this.#json((name) => entriesUrl(this.#origin, item, { ...name, limit: "1" }));
  }

  /** End the login, or revoke the token that is in use (W5). */
  async signOut(): Promise<void> {
    await this.#json(() => apiUrl(this.#origin, "session", {}), { method: "DELETE" });
  }

  /**
   * Return rooms that the member may read, the latest first (W4): behind `before`, and with ids that begin with
   * `prefix`.
   */
  async items(
    query: { readonly before?: string; readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly ItemSummary[]> {
    const more = Object.entries(query).map(([name, value]) => [name, String(value)]);
    const found = await this.#json<Items>((name) =>
      apiUrl(this.#origin, "items", [...Object.entries(name), ...more]),
    );
    return found.items;
  }

  /** Return head and unread count of exactly these items (W10). */
  async unread(items: readonly string[]): Promise<readonly UnreadCount[]> {
    const asked = items.map((item) => ["item", item]);
    const found = await this.#json<Unread>((name) =>
      apiUrl(this.#origin, "unread", [...Object.entries(name), ...asked]),
    );
    return found.items;
  }

  /** Carry out a command (W2, W11): the id makes a repeated one harmless. Rejects like `page`. */
  async command(
    item: string,
    command: Send | Edit | Delete,
  ): Promise<{ readonly entry: Entry; readonly repeated: boolean }> {
    const { id, type } = command;
    const target = type === "send" ? "" : `/${command.target}`;
    const body = type === "delete" ? "" : JSON.stringify({ body: command.body });
    const withinMs = COMMAND_MS + (MS_PER_KB * Math.max(0, byteLength(body) - SMALL)) / 1024;
    try {
      const { status, document } = await this.#request<Entry>(
        (name) => entriesUrl(this.#origin, item, name, target),
        {
          method: { send: "POST", edit: "PATCH", delete: "DELETE" }[type],
          headers: { "content-type": "application/json", "idempotency-key": id },
          ...(body !== "" && { body }),
        },
        Math.min(withinMs * 2 ** this.#unanswered, Math.max(withinMs, LONGEST_MS)),
      );
      this.#unanswered = 0;
      return { entry: document, repeated: status === 200 };
    } catch (error) {
      this.#unanswered = error instanceof TimeoutError ? this.#unanswered + 1 : 0;
      throw error;
    }
  }

  /** Tell how far the member has read (W11). Rejects like `page`. */
  async read(item: string, seq: number): Promise<void> {
    await this.#json((name) => apiUrl(this.#origin, `items/${encodeURIComponent(item)}/read`, name), {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ seq }),
    });
  }

  async #json<T>(address: (name: Record<string, string>) => string, init: RequestInit = {}): Promise<T> {
    return (await this.#request<T>(address, init)).document;
  }

  async #request<T>(
    address: (name: Record<string, string>) => string,
    init: RequestInit,
    withinMs = ANSWER_MS,
  ): Promise<{ readonly status: number; readonly document: T }> {
    const known = this.#refused;
    const credential = await this.#credential();
    // The server would refuse the same token again: a request would only add to its load.
    const repeated = known?.token === credential.token && this.#platform.elapsed() < known.until;
    if (known !== null && (repeated || this.#attempts.waitMs() > 0)) throw known.error;
    const headers = { ...bearer(credential), ...(init.headers as Record<string, string> | undefined) };
    const response = await this.#fetch(address(named(credential)), { ...init, headers }, withinMs);
    const document: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      const error = new HttpError(response.status, (document ?? {}) as object);
      if (error.status === 401) {
        this.#refused = { token: credential.token, until: this.#platform.elapsed() + REFUSED_MS, error };
        this.#attempts.note();
      }
      throw error;
    }
    this.#refused = null;
    // The server's encoder guarantees the shape.
    return { status: response.status, document: document as T };
  }

  /** Return the credential; another one where the server has refused the one in use, and some time has passed. */
  async #credential(): Promise<Credential> {
    const known = this.#refused;
    return withTimeout(async () => {
      const credential = await this.#ask("attempt");
      const isRefused = known !== null && known.token === credential.token;
      if (!isRefused || this.#platform.elapsed() < known.until || this.#attempts.waitMs() > 0)
        return credential;
      return this.#ask("refused", known.token);
    }, PROVIDER_MS);
  }

  /** A server that takes a request and never answers has failed: what waits for the answer must go on. */
  async #fetch(url: string, init: RequestInit, withinMs: number): Promise<Response> {
    const given = new AbortController();
    try {
      const request = { ...init, signal: given.signal };
      return await withTimeout(async () => this.#platform.fetch(url, request), withinMs);
    } catch (error) {
      given.abort(error);
      throw error;
    }
  }
}
