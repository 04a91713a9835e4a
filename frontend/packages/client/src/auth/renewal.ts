// Replaces a connection's token before it expires (A4), by the server's clock: the browser's may be wrong by hours.

import { backoff } from "../connection/backoff";
import { Timer } from "../lib/timer";
import type { Platform } from "../platform/platform";
import type { Authentication } from "./authentication";
import { endOf } from "./tokens";

/**
 * How long before it expires a token is replaced, in ms; a short-lived one is replaced after a quarter of its life.
 */
const REFRESH_MS = 30_000;
/** The least time between two requests for a token, in ms. */
export const FLOOR_MS = 1000;
/** With less time left than this, in ms, a provider that has no other token is not called again. */
const WORTHWHILE_MS = 10_000;
/** The longest delay that a browser's timer takes, in ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type RenewalOptions = {
  readonly authentication: Authentication;
  readonly platform: Pick<Platform, "elapsed" | "now" | "random">;
  /**
   * Sends a token to the server; its answer arrives as `accepted` or `refused`. False where nothing can be sent now.
   */
  readonly give: (token: string) => boolean;
};

export class Renewal {
  /** The server's clock at a moment of our monotonic clock: the wall clock may be set at any time. */
  #server: { readonly now: number; readonly elapsed: number } | null = null;
  #expires: number | null = null;
  #given: string | null = null;
  #failures = 0;
  readonly #due = new Timer(() => void this.#renew());
  readonly #options: RenewalOptions;

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /**
   * Schedule the renewal after a greeting: `expires` and `now` are of the server's clock; an older server sends no
   * `now`.
   */
  greeted(expires: number | null, now: number | undefined): void {
    const { platform } = this.#options;
    this.#server = { now: now ?? platform.now(), elapsed: platform.elapsed() };
    this.#failures = 0;
    this.#given = null;
    this.#schedule(expires);
  }

  /** The server accepted the token that was sent. */
  accepted(expires: number | null): void {
    if (this.#given !== null) this.#options.authentication.accepted(this.#given);
    this.#given = null;
    this.#failures = 0;
    this.#schedule(expires);
  }

  /** The server refused the token that was sent; false where none was. The old one counts until it expires. */
  refused(): boolean {
    if (this.#given === null) return false;
    this.#given = null;
    this.#again(this.#options.authentication.refusedRenewal());
    return true;
  }

  stop(): void {
    this.#due.cancel();
    this.#given = null;
  }

  #schedule(expires: number | null): void {
    this.#expires = expires;
    this.#due.cancel();
    const left = this.#left();
    if (left !== null) this.#again(Math.max(left - REFRESH_MS, left / 4));
  }

  #again(ms: number): void {
    this.#due.at(Math.min(LONGEST_TIMER_MS, Math.max(FLOOR_MS, ms)));
  }

  /** Return milliseconds until the token expires; null where it does not. */
  #left(): number | null {
    if (this.#expires === null || this.#server === null) return null;
    const now = this.#server.now + this.#options.platform.elapsed() - this.#server.elapsed;
    return Math.max(0, this.#expires - now);
  }

  async #renew(): Promise<void> {
    const { authentication, give, platform } = this.#options;
    const old = authentication.token;
    let token: string | null;
    try {
      token = await authentication.renewal();
    } catch {
      this.#failures += 1;
      this.#again(backoff(this.#failures, platform.random));
      return;
    }
    if (token === null || token === old) {
      // Without another token the server closes with 4401 when this one expires.
      const left = this.#left() ?? 0;
      if (left > WORTHWHILE_MS) this.#again(left / 2);
      return;
    }
    this.#given = token;
    // An older server does not answer a good token, so the token's claims say when it expires.
    if (give(token)) this.#schedule(endOf(token));
    else this.#given = null;
  }
}
