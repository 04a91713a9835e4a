// The limit on attempts with tokens that the server refuses, for all rooms of a client together.

import type { Platform } from "../platform/platform";

/** Attempts with refused tokens within `WINDOW_MS`, at most. */
export const ATTEMPTS = 5;
export const WINDOW_MS = 60_000;
const FORBIDDEN = 4403;

/** Why the server refuses a credential: its close code, `reason` (null from an older server) and message. */
export type TokenProblem = {
  readonly code: number;
  readonly reason: string | null;
  readonly message: string;
};

/** Counts attempts with refused tokens in a sliding window, for all rooms of a client. */
export class RefusedAttempts {
  #at: number[] = [];
  /** The token that the server took last; undefined: none yet. */
  #taken: string | null | undefined = undefined;
  #problem: TokenProblem | null = null;
  /** Called when an attempt that was counted has ended, or the server has taken or refused a token. */
  readonly #waiting = new Set<() => void>();
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
      this.#tell();
    };
  }

  /** Milliseconds until another attempt is allowed. */
  waitMs(): number {
    const oldest = this.#at.length < ATTEMPTS ? undefined : this.#at[0];
    return oldest === undefined ? 0 : Math.max(0, oldest + WINDOW_MS - this.#platform.elapsed());
  }

  /** Whether the server took this token at the last attempt with it: attempts with it need not be counted. */
  isTaken(token: string | null): boolean {
    return this.#taken === token;
  }

  /** The server took this token: it is genuine, whatever rights it gives. */
  taken(token: string | null): void {
    this.#taken = token;
    this.#problem = null;
    this.#tell();
  }

  /** The server refused this token because of `problem`; where only a right is missing, the token is genuine. */
  refused(token: string | null, problem: TokenProblem): void {
    if (problem.code === FORBIDDEN && problem.reason !== "revoked") this.taken(token);
    else {
      this.#problem = problem;
      if (this.#taken === token) this.#taken = undefined;
      this.#tell();
    }
  }

  /** Why the server refused a token last; null: since the last one that it took, it refused none. */
  get problem(): TokenProblem | null {
    return this.#problem;
  }

  /** Call `listener` when `waitMs`, `isTaken` or `problem` may have changed; returns the function that ends this. */
  onChange(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  #tell(): void {
    for (const listener of [...this.#waiting]) listener();
  }
}
