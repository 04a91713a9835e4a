// The stream of changes in the list of rooms (rule W10), kept up as long as it is wanted.
import { Authentication } from "../auth/authentication";
import type { RefusedAttempts } from "../auth/refusedAttempts";
import type { GetCredential } from "../auth/tokens";
import { backoff } from "../connection/backoff";
import { aboutToken } from "../connection/closeCodes";
import { EventStream } from "../connection/eventSource";
import { Timer } from "../lib/timer";
import type { Platform } from "../platform/platform";
import { listEventsUrl } from "../protocol/addresses";
import { readFrame } from "../protocol/frames";
import { type Http, HttpError } from "../protocol/http";
import type { Origin } from "../protocol/urls";
import type { Error as ErrorLine, ListLine } from "../protocol/wire.gen";

const UNAUTHENTICATED = 4401;

type ListStreamOptions = {
  readonly ask: GetCredential;
  readonly attempts: RefusedAttempts;
  readonly http: Http;
  readonly origin: Origin;
  readonly platform: Platform;
  /** A stream has begun: the next lines are a snapshot. */
  readonly onBegin: () => void;
  readonly onLine: (line: ListLine) => void;
  /** The stream is broken. */
  readonly onBroken: () => void;
  /** Whether rooms are joined, and none of them is live yet: they come first, and find out whether the token is good. */
  readonly areRoomsPending: () => boolean;
  /** Whether rooms are joined with this token. */
  readonly isRefusedInRooms: (token: string | null) => boolean;
  /** The login was ended, here or elsewhere (W5). */
  readonly onSignedOut: () => void;
};

export class ListStream {
  #running = false;
  #failures = 0;
  #begun = false;
  /** Whether the stream waits until the server admits a room's connection. */
  #isWaiting = false;
  /** What the server said last about the credential. */
  #problem: ErrorLine | null = null;
  readonly #authentication: Authentication;
  readonly #events: EventStream;
  readonly #retry = new Timer(() => this.#open());
  readonly #options: ListStreamOptions;

  constructor(options: ListStreamOptions) {
    this.#options = options;
    const { ask, attempts, origin, platform } = options;
    this.#authentication = new Authentication({
      ask,
      attempts,
      platform,
      onState: () => undefined,
      // A refused stream costs two requests: the stream, and one that returns the reason.
      onReady: () => void this.#findOut(() => this.#events.start()),
    });
    this.#events = new EventStream(
      {
        address: async () => listEventsUrl(origin, await this.#authentication.credential()),
        onFrame: (frame) => this.#frame(frame),
        onBroken: (over) => this.#broken(over),
        onClosed: (code, reason) => this.#closed(code, reason),
      },
      platform,
    );
  }

  start(): void {
    this.#running = true;
    this.#begun = false;
    this.#open();
  }

  stop(): void {
    this.#running = false;
    this.#isWaiting = false;
    this.#retry.cancel();
    this.#authentication.stop();
    this.#events.stop();
  }

  /** The server has let a room in, or there are no rooms any more. */
  admitted(): void {
    if (!this.#isWaiting || !this.#running) return;
    this.#isWaiting = false;
    this.#events.start();
  }

  /** Try now what would be tried later. */
  wake(): void {
    this.#authentication.wake();
    this.#retry.now();
  }

  #open(): void {
    if (this.#options.areRoomsPending()) this.#isWaiting = true;
    else this.#events.start();
  }

  #frame(frame: string): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#failures = 0;
      this.#authentication.accepted();
      this.#options.onBegin();
    }
    for (const { said } of readFrame(frame)) {
      const line = said as unknown as ListLine | null;
      if (line?.type === "error") this.#problem = line;
      else if (line !== null) this.#options.onLine(line);
    }
  }

  #broken(over: boolean): void {
    // The browser may reconnect by itself: then the server begins with a snapshot again.
    this.#begun = false;
    this.#authentication.unanswered();
    this.#options.onBroken();
    if (!over) return;
    if (this.#options.areRoomsPending()) this.#isWaiting = true;
    else void this.#findOut(() => this.#again());
  }

  /** Request the reason of a refusal over HTTP; an EventSource hides it. `otherwise`: called if it was not refused. */
  async #findOut(otherwise: () => void): Promise<void> {
    const error: unknown = await this.#options.http.items({ limit: 1 }).catch((reason: unknown) => reason);
    if (!this.#running) return;
    if (!(error instanceof HttpError) || error.closeCode === undefined) otherwise();
    else this.#refused(error.closeCode, error.reason ?? null, error.message, error.retryMs ?? null);
  }

  #closed(code: number, message: string): void {
    this.#begun = false;
    this.#options.onBroken();
    const problem = this.#problem;
    this.#problem = null;
    if (!aboutToken(code)) {
      this.#again();
      return;
    }
    this.#refused(code, problem?.reason ?? null, message, problem?.retry_ms ?? null);
    if (problem?.reason === "signed_out") this.#options.onSignedOut();
  }

  #refused(code: number, reason: string | null, message: string, retryMs: number | null): void {
    // Attempts with refused tokens are few, and the rooms that are on screen need them more.
    if (code === UNAUTHENTICATED && this.#options.isRefusedInRooms(this.#authentication.token)) {
      this.#isWaiting = true;
      return;
    }
    this.#authentication.refused({ code, reason, message }, retryMs);
  }

  #again(): void {
    this.#authentication.unanswered();
    this.#retry.at(backoff(this.#failures, this.#options.platform.random));
    this.#failures += 1;
  }
}
