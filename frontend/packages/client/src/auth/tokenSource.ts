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
 * The host application's function that returns a token; null: nobody is signed in. `signal` aborts when the client no
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
  readonly platform: Pick<Platform, "now">;
};

export class TokenSource {
  #credential: Credential | null = null;
  /** Requests under way, so that several rooms that need a token at the same time share one. */
  readonly #pending = new Map<TokenReason, Promise<string | null>>();
  #abort = new AbortController();
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
  readonly ask: GetCredential = async (occasion) => {
    const { name } = this.#options;
    if (this.usesCookie) return { token: null, name };
    if (occasion === "attempt" && this.#credential !== null && !this.#expired(this.#credential.token))
      return this.#credential;
    const token = await this.#request(reasonOf(occasion, this.#credential));
    if (token === null) throw new SignedOutError("getToken returned null: nobody is signed in");
    const fresh = { token, name };
    // What waits here was written by this member: another one's token must not send it.
    if (this.#credential === null || memberKey(fresh) === memberKey(this.#credential))
      this.#credential = fresh;
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

  #expired(token: string | null): boolean {
    const end = token === null ? null : endOf(token);
    return this.#stale || (end !== null && end <= this.#options.platform.now());
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
