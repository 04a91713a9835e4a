// Authentication as a state machine: requests tokens, paces attempts after refusals, and waits for another token.

import { backoff } from "../connection/backoff";
import { withTimeout } from "../lib/timeout";
import type { Platform } from "../platform/platform";
import { type RefusedAttempts, type TokenProblem, WINDOW_MS } from "./refusedAttempts";
import { type Credential, type GetCredential, SignedOutError } from "./tokens";

/** How long a token provider has to answer, in ms. */
export const PROVIDER_MS = 10_000;
/** The pause after the second refusal in a row, in ms; it doubles from there. */
const PAUSE_MS = 2000;

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
    this.#options.attempts.taken(token);
    this.#release();
    this.#enter({ status: "ready" });
  }

  /** The attempt ended without the server's word on the token. */
  unanswered(): void {
    this.#release();
  }

  /** Milliseconds until a renewal may be tried again after a refused or failed one. */
  refusedRenewal(): number {
    this.#refusals += 1;
    this.#options.attempts.note();
    return Math.max(this.#pause(), this.#options.attempts.waitMs());
  }

  /** The server refused the attempt; `onReady` follows when the next one may be made. */
  refused(problem: TokenProblem, retryMs: number | null): void {
    const { attempts } = this.#options;
    this.#refusals += 1;
    if (this.#unreserve === null) attempts.note();
    this.#unreserve = null;
    attempts.refused(this.#token, problem);
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
        const credential = this.#next ?? (await this.#admitted(epoch));
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

  /**
   * Return the credential once an attempt with it is allowed: until the server takes a token, all rooms of a client make
   * no more attempts with it than with refused ones.
   */
  async #admitted(epoch: number): Promise<Credential> {
    const { attempts, platform } = this.#options;
    for (let waited = false; ; waited = true) {
      const credential = await this.#ask("attempt");
      if (epoch !== this.#epoch) throw new Error("stopped");
      const isFree = this.#unreserve !== null || attempts.isTaken(credential.token);
      const wait = isFree ? 0 : attempts.waitMs();
      if (wait === 0) {
        if (!isFree) this.#unreserve = attempts.reserve();
        if (waited) this.#enter({ status: "ready" });
        return credential;
      }
      const { problem } = attempts;
      if (problem !== null) this.#enter({ status: "waiting", until: platform.now() + wait, problem });
      await this.#sleep(wait, attempts);
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

  /** Wait for `ms` (null: for ever), or until `wake`, the network returns, the tab becomes visible or `attempts` change. */
  #sleep(ms: number | null, attempts?: RefusedAttempts): Promise<void> {
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
      if (attempts !== undefined) leaves.push(attempts.onChange(end));
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
