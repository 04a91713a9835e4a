// One room's socket, kept open: heartbeat, backoff, and an attempt at once when the network or the tab is back.

import type { Platform, SocketLike } from "../platform/platform";
import { writeLine } from "../protocol/frames";
import { SUBPROTOCOL } from "../protocol/wire.gen";
import { backoff } from "./backoff";
import { closeCodes } from "./closeCodes";

/** Silence after which a ping is sent, and the time to answer it before the connection is closed, in ms. */
export const SILENCE_MS = 20_000;
export const ANSWER_MS = 8_000;
/** The same where the browser says that there is no network. */
export const OFFLINE_MS = 2_000;
/** After a connection that lasted so long, in ms, the backoff begins from the start. */
const GOOD_MS = 5_000;
/** The close codes with which the server sends the time of the next attempt (C). */
const TIMED: ReadonlySet<number> = new Set([1012, 1013, 4429]);
const AT_CAPACITY = 1013;
const UNAUTHENTICATED = 4401;
/** The browser's close code for a connection that was lost, or was never made. */
const CUT = 1006;

export type LinkState =
  | { readonly status: "idle" }
  | { readonly status: "connecting" }
  | { readonly status: "open" }
  /**
   * `until`: when the next attempt starts, in ms since the epoch. `unopened`: attempts in a row that never opened.
   */
  | { readonly status: "waiting"; readonly until: number; readonly code: number; readonly unopened: number }
  /** No further attempt before `start`; `code` is the server's close code. */
  | { readonly status: "stopped"; readonly code: number; readonly reason: string };

export type LinkListener = {
  /** Called before every attempt: the address carries the current token and cursor. Rejects when stopped. */
  readonly address: () => Promise<string>;
  readonly onFrame: (frame: string) => void;
  /** Called for what the link sends by itself: pings. */
  readonly onSent: (line: string) => void;
  readonly onState: (state: LinkState) => void;
};

type Timer = ReturnType<typeof setTimeout> | undefined;

export class WebSocketLink {
  #state: LinkState = { status: "idle" };
  #socket: SocketLike | null = null;
  /** Grows with every attempt and every stop, so that results of older ones are ignored. */
  #epoch = 0;
  #attempts = 0;
  #unopened = 0;
  #openedAt = 0;
  #heardAt = 0;
  #retryMs: number | null = null;
  #timer: Timer;
  #deadline: Timer;
  #leave: (() => void)[] = [];
  readonly #listener: LinkListener;
  readonly #platform: Platform;

  constructor(listener: LinkListener, platform: Platform) {
    this.#listener = listener;
    this.#platform = platform;
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    if (this.#state.status !== "idle" && this.#state.status !== "stopped") return;
    this.#unlisten();
    this.#leave = [
      this.#platform.on("online", () => this.wake()),
      this.#platform.on("visible", () => this.wake()),
      this.#platform.on("offline", () => this.#probe(OFFLINE_MS)),
    ];
    this.#attempts = 0;
    this.#attempt();
  }

  stop(): void {
    this.#drop();
    this.#unlisten();
    this.#enter({ status: "idle" });
  }

  /**
   * Make no further attempt before `start`: on this or another transport, the server closed with a code that forbids
   * reconnecting.
   */
  halt(code: number, reason: string): void {
    this.#drop();
    this.#enter({ status: "stopped", code, reason });
  }

  /** Start the next attempt now; on an open connection send a ping. */
  wake(): void {
    if (this.#state.status === "waiting") this.#attempt();
    else this.#probe();
  }

  /** Close the connection and open another one, at the current cursor. */
  renew(): void {
    if (this.#state.status === "idle" || this.#state.status === "stopped") return;
    this.#attempt();
  }

  /** Take the server's time until the next attempt, in ms. */
  retryIn(ms: number): void {
    this.#retryMs = ms;
  }

  /** Send a line; false where no socket is open. */
  send(line: string): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(line);
    return true;
  }

  #attempt(): void {
    this.#drop();
    const epoch = this.#epoch;
    this.#retryMs = null;
    this.#enter({ status: "connecting" });
    // The time that the token provider takes does not count as an attempt.
    this.#listener.address().then(
      (url) => epoch === this.#epoch && this.#open(url),
      () => undefined,
    );
  }

  #open(url: string): void {
    let socket: SocketLike;
    try {
      socket = this.#platform.openSocket(url, SUBPROTOCOL);
    } catch {
      this.#lost(CUT); // an address that no browser takes
      return;
    }
    this.#socket = socket;
    // A handshake without an answer times out too.
    this.#deadline = setTimeout(() => this.#lost(CUT), ANSWER_MS);
    socket.onopen = () => {
      this.#unopened = 0;
      this.#openedAt = this.#platform.elapsed();
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
      this.#heard();
      this.#listen();
      this.#enter({ status: "open" });
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.#heard();
      if (typeof data === "string") this.#listener.onFrame(data);
    };
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #heard(): void {
    this.#heardAt = this.#platform.elapsed();
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  /** Watch for silence with one timer, however many lines come: it looks at the time of the last one. */
  #listen(): void {
    const left = this.#heardAt + SILENCE_MS - this.#platform.elapsed();
    this.#timer = setTimeout(
      () => {
        if (this.#platform.elapsed() - this.#heardAt >= SILENCE_MS) this.#probe();
        this.#listen();
      },
      left > 0 ? left : SILENCE_MS,
    );
  }

  #probe(withinMs = ANSWER_MS): void {
    if (this.#state.status !== "open" || this.#deadline !== undefined) return;
    const ping = writeLine({ type: "ping" });
    if (this.send(ping)) this.#listener.onSent(ping);
    this.#deadline = setTimeout(() => this.#lost(CUT), withinMs);
  }

  #closed(code: number, reason: string): void {
    if (comesBack(code)) this.#lost(code);
    else this.halt(code, reason);
  }

  #lost(code: number): void {
    const opened = this.#state.status === "open";
    if (opened && this.#platform.elapsed() - this.#openedAt >= GOOD_MS) this.#attempts = 0;
    if (!opened) this.#unopened += 1;
    this.#drop();
    const wait = this.#waitFor(code);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#attempt(), wait);
    this.#enter({ status: "waiting", until: this.#platform.now() + wait, code, unopened: this.#unopened });
  }

  #waitFor(code: number): number {
    const own = backoff(this.#attempts, this.#platform.random);
    if (this.#retryMs === null || !TIMED.has(code)) return own;
    return code === AT_CAPACITY ? Math.max(own, this.#retryMs) : this.#retryMs;
  }

  /** Close the socket, and ignore what it still brings. */
  #drop(): void {
    this.#epoch += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(1000);
  }

  #unlisten(): void {
    for (const leave of this.#leave) leave();
    this.#leave = [];
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}

/** Whether a connection closed with `code` is worth another attempt, unchanged. */
export function comesBack(code: number): boolean {
  return closeCodes.get(code)?.again ?? code !== 1000;
}

/** Whether a close code is about the credential (rule A3), so that another token may help. */
export function wantsToken(code: number): boolean {
  return code === UNAUTHENTICATED;
}
