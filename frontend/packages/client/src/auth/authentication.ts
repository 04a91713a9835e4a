// Authentication as a state machine: requests tokens, paces attempts after refusals, and waits for another token.

import { backoff } from "../connection/backoff";
import { withTimeout } from "../lib/timeout";
import type { Platform } from "../platform/platform";
import { type Credential, type GetCredential, SignedOutError } from "./tokens";

/** Attempts with refused tokens within `WINDOW_MS`, at most, over all rooms of a tab. */
export const ATTEMPTS = 5;
export const WINDOW_MS = 60_000;
/** How long a token provider has to answer, in ms. */
export const PROVIDER_MS = 10_000;
/** The pause after the second refusal in a row, in ms; it doubles from there. */
const PAUSE_MS = 2000;

/** Why the server refuses a credential: its close code, `reason` (null from an older server) and message. */
export type TokenProblem = {
  readonly code: number;
  readonly reason: string | null;
  readonly message: string;
};

export type AuthState =
  | { readonly status: "ready" }
  /** The token provider rejects or hangs; `until`: when it is called again, in ms since the epoch. */
  | { readonly status: "unanswered"; readonly until: number; readonly message: string }
  /** No member is signed in; a token is requested again after `wake`. */
  | { readonly status: "signedOut" }
  /** The server refused the credential; the next attempt starts at `until`, or is being prepared (null). */
  | { readonly status: "waiting"; readonly until: number | null; readonly problem: TokenProblem }
  /** No other token is known; continues with a new token, when the network returns or the tab becomes visible. */
  | { readonly status: "refused"; readonly problem: TokenProblem };

/** Counts attempts with refused tokens in a sliding window, for all rooms of a tab. */
export class RefusedAttempts {
  #at: number[] = [];
  readonly #platform: Pick<Platform, "elapsed">;

  constructor(platform: Pick<Platform, "elapsed">) {
    this.#platform = platform;
  }

  note(): void {
    this.#at = [...this.#at, this.#platform.elapsed()].slice(-ATTEMPTS);
  }

  /** Count an attempt before its outcome is known; returns the function that takes that back: it was not refused. */
  reserve(): () => void {
    this.note();
    const at = this.#at.at(-1);
    return () => {
      const index = at === undefined ? -1 : this.#at.indexOf(at);
      this.#at = this.#at.filter((_, place) => place !== index);
    };
  }

  /** Milliseconds until another attempt is allowed. */
  waitMs(): number {
    const oldest = this.#at.length < ATTEMPTS ? undefined : this.#at[0];
    return oldest === undefined ? 0 : Math.max(0, oldest + WINDOW_MS - this.#platform.elapsed());
  }
}

type AuthenticationOptions = {
  readonly ask: GetCredential;
  readonly attempts: RefusedAttempts;
  readonly platform: Pick<Platform, "elapsed" | "now" | "on" | "random">;
  readonly onState: () => void;
  /** Another attempt may be made. */
  readonly onReady: () => void;
};

export class Authentication {
  #state: AuthState = { status: "ready" };
  /** The token of the last attempt, and the credential for the next one if it is known already. */
  #token: string | null = null;
  #next: Credential | null = null;
  #refusals = 0;
  /** Grows with every stop and refusal, so that older waits are ignored. */
  #epoch = 0;
  /** Takes back the count of the attempt that is being made, where it was counted when it began. */
  #unreserve: (() => void) | null = null;
  #pending: Promise<Credential> | null = null;
  readonly #interrupts = new Set<() => void>();
  readonly #options: AuthenticationOptions;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  get state(): AuthState {
    return this.#state;
  }

  /** The token of the last attempt. */
  get token(): string | null {
    return this.#token;
  }

  /** Return the credential for one attempt; a provider that rejects or hangs is called again with backoff. */
  credential(): Promise<Credential> {
    this.#pending ??= this.#request().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** Return a token to replace one that is about to expire. Rejects where the provider rejects or hangs. */
  async renewal(): Promise<string | null> {
    try {
      return (await this.#ask("expiring")).token;
    } catch (error) {
      // The server ends the connection when the token expires.
      if (error instanceof SignedOutError) return null;
      throw error;
    }
  }

  /** The server took `token` (on an open connection), or let the last attempt in. */
  accepted(token: string | null = this.#token): void {
    this.#token = token;
    this.#refusals = 0;
    this.#release();
    this.#enter({ status: "ready" });
  }

  /** Milliseconds until a renewal may be tried again after a refused or failed one. */
  refusedRenewal(): number {
    this.#refusals += 1;
    this.#options.attempts.note();
    return Math.max(this.#pause(), this.#options.attempts.waitMs());
  }

  /** The server refused the attempt; `onReady` follows when the next one may be made. */
  refused(problem: TokenProblem, retryMs: number | null): void {
    this.#refusals += 1;
    if (this.#unreserve === null) this.#options.attempts.note();
    this.#unreserve = null;
    this.#epoch += 1;
    void this.#recover(problem, retryMs, this.#epoch);
  }

  /** Make pending attempts now, within the limit on refused tokens. */
  wake(): void {
    for (const interrupt of [...this.#interrupts]) interrupt();
  }

  stop(): void {
    this.#epoch += 1;
    this.#release();
    this.wake();
    this.#pending = null;
    this.#state = { status: "ready" };
  }

  async #request(): Promise<Credential> {
    const epoch = this.#epoch;
    for (let failures = 0; ; failures += 1) {
      try {
        const credential = this.#next ?? (await this.#ask("attempt"));
        this.#next = null;
        this.#token = credential.token;
        if (this.#state.status === "unanswered" || this.#state.status === "signedOut")
          this.#enter({ status: "ready" });
        return credential;
      } catch (error) {
        // Stopped meanwhile: the result is not needed.
        if (epoch !== this.#epoch) throw error;
        await this.#waitForProvider(failures, error);
        if (epoch !== this.#epoch) throw error;
      }
    }
  }

  /** Wait without a time limit for another token, and set when the next attempt may start. */
  async #recover(problem: TokenProblem, retryMs: number | null, epoch: number): Promise<void> {
    const { attempts, platform } = this.#options;
    // The same token counts later: it is not valid yet, or a revocation refuses new tokens for a moment (A7).
    const patient = retryMs !== null || problem.reason === "not_yet_valid";
    const pause = patient || this.#refusals > 1 ? this.#pause() : 0;
    let wait = Math.max(retryMs ?? pause, attempts.waitMs());
    for (let woken = false, failures = 0; ; ) {
      this.#enter({ status: "waiting", until: wait > 0 ? platform.now() + wait : null, problem });
      if (wait > 0) await this.#sleep(wait);
      // Being woken does not lift the limit.
      while (epoch === this.#epoch && attempts.waitMs() > 0) await this.#sleep(attempts.waitMs());
      if (epoch !== this.#epoch) return;
      let fresh: Credential;
      try {
        fresh = await this.#ask("refused", this.#token);
      } catch (error) {
        if (epoch !== this.#epoch) return;
        if (error instanceof SignedOutError) {
          this.#enter({ status: "signedOut" });
          await this.#sleep(null);
          if (epoch !== this.#epoch) return;
          wait = 0;
          continue;
        }
        wait = backoff(failures, platform.random);
        failures += 1;
        continue;
      }
      if (epoch !== this.#epoch) return;
      if (fresh.token !== this.#token || patient || woken) {
        // Another room may have made the last attempt while the token was on its way.
        wait = attempts.waitMs();
        if (wait > 0) continue;
        this.#unreserve = attempts.reserve();
        this.#next = fresh;
        this.#options.onReady();
        return;
      }
      this.#enter({ status: "refused", problem });
      await this.#sleep(null);
      if (epoch !== this.#epoch) return;
      woken = true;
      wait = attempts.waitMs();
    }
  }

  async #waitForProvider(failures: number, error: unknown): Promise<void> {
    const { platform } = this.#options;
    if (error instanceof SignedOutError) {
      this.#enter({ status: "signedOut" });
      return this.#sleep(null);
    }
    const wait = backoff(failures, platform.random);
    const message = error instanceof Error ? error.message : String(error);
    this.#enter({ status: "unanswered", until: platform.now() + wait, message });
    await this.#sleep(wait);
  }

  #release(): void {
    this.#unreserve?.();
    this.#unreserve = null;
  }

  /** Grows with the refusals in a row, with jitter. */
  #pause(): number {
    const most = Math.min(WINDOW_MS, PAUSE_MS * 2 ** Math.min(Math.max(0, this.#refusals - 2), 6));
    return Math.round(most * (0.5 + this.#options.platform.random() / 2));
  }

  /** Wait for `ms` (null: for ever), or until `wake`, the network returns or the tab becomes visible. */
  #sleep(ms: number | null): Promise<void> {
    const { platform } = this.#options;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        for (const leave of leaves) leave();
        this.#interrupts.delete(end);
        resolve();
      };
      const timer = ms === null ? undefined : setTimeout(end, ms);
      const leaves = [platform.on("online", end), platform.on("visible", end)];
      this.#interrupts.add(end);
    });
  }

  #ask(...request: Parameters<GetCredential>): Promise<Credential> {
    return withTimeout(async () => this.#options.ask(...request), PROVIDER_MS);
  }

  #enter(state: AuthState): void {
    this.#state = state;
    this.#options.onState();
  }
}
