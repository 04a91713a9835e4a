// Tokens of the host application: requested when needed, kept in memory until the server refuses them.

import { withTimeout } from "../lib/timeout";
import type { Platform } from "../platform/platform";
import { PROVIDER_MS } from "./authentication";
import {
  type Credential,
  type CredentialReason,
  endOf,
  type GetCredential,
  memberKey,
  SignedOutError,
} from "./tokens";

/** Why a token is requested: for a first attempt, because one expires soon, or because the server refused one. */
export type TokenReason = "connect" | "expiring" | "refused";

/**
 * The host application's function that returns a token; null: no member is signed in. `signal` aborts when the client no
 * longer waits for the result.
 */
export type GetToken = (request: {
  readonly reason: TokenReason;
  readonly signal: AbortSignal;
}) => Promise<string | null> | string | null;

type TokenSourceOptions = {
  /** Undefined: the login cookie of the server counts. */
  readonly getToken: GetToken | undefined;
  /** The member's name, which counts in open mode only (rule A2). */
  readonly name: string | null;
  readonly platform: Pick<Platform, "now" | "elapsed">;
};

export class TokenSource {
  #credential: Credential | null = null;
  /** Requests under way, so that several rooms that need a token at the same time share one. */
  readonly #pending = new Map<TokenReason, Promise<string | null>>();
  #abort = new AbortController();
  /** When the token expires, as the platform's `elapsed` counts. */
  #expiresAt = Number.POSITIVE_INFINITY;
  /** Whether the token is replaced at the next attempt. */
  #stale = false;
  readonly #options: TokenSourceOptions;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /** Whether a login cookie is used instead of tokens. */
  get usesCookie(): boolean {
    return this.#options.getToken === undefined;
  }

  /** The credential in use; null before the first token. */
  get credential(): Credential | null {
    return this.usesCookie ? { token: null, name: this.#options.name } : this.#credential;
  }

  /** Return the credential for `occasion`. Rejects with SignedOutError, or with what `getToken` rejects. */
  readonly ask: GetCredential = async (occasion, refused) => {
    const { name } = this.#options;
    if (this.usesCookie) return { token: null, name };
    const known = this.#credential;
    if (occasion === "attempt" && known !== null && !this.#expired) return known;
    // Another room, or the list, has replaced it already.
    if (occasion === "refused" && refused !== undefined && known !== null && known.token !== refused)
      return known;
    const token = await this.#request(reasonOf(occasion, this.#credential));
    if (token === null) throw new SignedOutError("getToken returned null: no member is signed in");
    const fresh = { token, name };
    // What waits here was written by this member: another one's token must not send it.
    if (this.#credential === null || memberKey(fresh) === memberKey(this.#credential)) {
      if (this.#credential?.token !== token) this.#expiresAt = this.#endOf(token);
      this.#credential = fresh;
    }
    return this.#credential;
  };

  /** Request another token at the next attempt. */
  refresh(): void {
    this.#stale = true;
  }

  /** Abort requests under way, and forget the token. */
  close(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#pending.clear();
    this.#credential = null;
  }

  get #expired(): boolean {
    return this.#stale || this.#options.platform.elapsed() >= this.#expiresAt;
  }

  /**
   * Return when a token that was just returned expires, as `elapsed` counts. This computer's clock may be wrong: where a
   * token seems to have expired already, only the server knows.
   */
  #endOf(token: string): number {
    const { elapsed, now } = this.#options.platform;
    const lifetime = (endOf(token) ?? Number.POSITIVE_INFINITY) - now();
    return lifetime > 0 ? elapsed() + lifetime : Number.POSITIVE_INFINITY;
  }

  #request(reason: TokenReason): Promise<string | null> {
    const pending = this.#pending.get(reason);
    if (pending !== undefined) return pending;
    const request = this.#call(reason).finally(() => {
      if (this.#pending.get(reason) === request) this.#pending.delete(reason);
    });
    this.#pending.set(reason, request);
    return request;
  }

  async #call(reason: TokenReason): Promise<string | null> {
    const timeout = new AbortController();
    const token = await withTimeout(
      async () =>
        this.#options.getToken?.({ reason, signal: AbortSignal.any([this.#abort.signal, timeout.signal]) }),
      PROVIDER_MS,
      this.#abort.signal,
    ).catch((error: unknown) => {
      timeout.abort(error);
      throw error;
    });
    this.#stale = false;
    return token === undefined || token === "" ? null : token;
  }
}

function reasonOf(occasion: CredentialReason, known: Credential | null): TokenReason {
  if (occasion === "attempt") return known === null ? "connect" : "expiring";
  return occasion;
}
