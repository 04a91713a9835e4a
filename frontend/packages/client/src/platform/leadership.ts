// Elects the tab that sends: the one that holds a lock, or one that cannot get it in time. Sending twice is harmless
// (S5).
import { Timer } from "../lib/timer";
import type { Lock, Platform } from "./platform";

/** How long a tab waits for a sign of the leading one before it takes over, in ms. */
export const TAKEOVER_MS = 2500;

type LeadershipOptions = {
  readonly name: string;
  readonly platform: Pick<Platform, "lock">;
  /** This tab may send from now on. */
  readonly onLead: () => void;
  /** Ask the leading tab to read the outbox and to answer. */
  readonly ask: () => void;
};

export class Leadership {
  #lock: Lock | null = null;
  #state: "none" | "lock" | "takeover" = "none";
  #heard = false;
  readonly #takeover = new Timer(() => this.#overdue());
  readonly #options: LeadershipOptions;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get leading(): boolean {
    return this.#state !== "none";
  }

  /** Whether this tab holds the lock: a tab that leads without it yields to one that holds it. */
  get locked(): boolean {
    return this.#state === "lock";
  }

  campaign(): void {
    this.resign();
    const lock = this.#options.platform.lock(this.#options.name);
    this.#lock = lock;
    const lead = (state: "lock" | "takeover") => {
      if (this.#lock === lock) this.#lead(state);
    };
    // Without locks, every tab sends for itself.
    lock.held.then(
      () => lead("lock"),
      () => lead("takeover"),
    );
  }

  resign(): void {
    this.#takeover.cancel();
    this.#lock?.release();
    this.#lock = null;
    this.#state = "none";
  }

  /** Something waits to be sent: where the leading tab gives no sign (it may be suspended), this one takes over. */
  wait(): void {
    if (!this.leading && this.#lock !== null) this.#takeover.within(TAKEOVER_MS);
  }

  /** The leading tab answered. */
  heard(locked: boolean): void {
    this.#heard = true;
    if (locked && this.#state === "takeover") this.#state = "none";
  }

  #overdue(): void {
    if (this.#lock === null || this.leading) return;
    if (this.#heard) {
      this.#heard = false;
      this.#options.ask();
      this.wait();
    } else this.#lead("takeover");
  }

  #lead(state: "lock" | "takeover"): void {
    this.#takeover.cancel();
    this.#state = state;
    this.#options.onLead();
  }
}
