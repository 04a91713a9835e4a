// One room's socket, kept up: heartbeat, backing off, coming back at once when there is a reason to.

import type { Platform, SocketLike } from "../platform/platform";
import { writeLine } from "../protocol/frames";
import { SUBPROTOCOL } from "../protocol/wire.gen";
import { backoff } from "./backoff";
import { closeCodes } from "./closeCodes";

/** After so long without a word, ask; after so much longer without an answer, come back. In ms. */
export const SILENCE_MS = 20_000;
export const ANSWER_MS = 8_000;
/** A connection that lived so long, in ms, was a good one: the next one need not back off. */
const GOOD_MS = 5_000;
/** The codes after which the server says when to come back (C). */
const TIMED: ReadonlySet<number> = new Set([1012, 1013, 4429]);
const AT_CAPACITY = 1013;
const UNAUTHENTICATED = 4401;
/** What a browser calls a connection that broke off, or was never made. */
const CUT = 1006;

export type LinkState =
  | { readonly is: "idle" }
  | { readonly is: "connecting" }
  | { readonly is: "open" }
  /** `until`: when the next attempt starts, in ms since the epoch. `unopened`: attempts in a row that never opened. */
  | { readonly is: "waiting"; readonly until: number; readonly code: number; readonly unopened: number }
  /** Not coming back by itself; `code` is the server's close code. */
  | { readonly is: "stopped"; readonly code: number; readonly reason: string };

export type LinkListener = {
  /** Asked before every attempt, so that the address carries a fresh token and today's cursor. Rejects when stopped. */
  readonly address: () => Promise<string>;
  readonly onFrame: (frame: string) => void;
  /** What goes out by the link's own decision: pings. */
  readonly onSent: (line: string) => void;
  readonly onState: (state: LinkState) => void;
};

type Timer = ReturnType<typeof setTimeout> | undefined;

export class WebSocketLink {
  #state: LinkState = { is: "idle" };
  #socket: SocketLike | null = null;
  /** Grows with every attempt and every stop: what an older one still brings does not count. */
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
    if (this.#state.is !== "idle" && this.#state.is !== "stopped") return;
    this.#unlisten();
    this.#leave = [
      this.#platform.on("online", () => this.wake()),
      this.#platform.on("visible", () => this.wake()),
      this.#platform.on("offline", () => this.#probe()),
    ];
    this.#attempts = 0;
    this.#attempt();
  }

  stop(): void {
    this.#drop();
    this.#unlisten();
    this.#enter({ is: "idle" });
  }

  /** Makes no further attempt until `start`: the server closed with a code that says so, on whichever way. */
  halt(code: number, reason: string): void {
    this.#drop();
    this.#enter({ is: "stopped", code, reason });
  }

  /** Comes back at once if waiting; asks whether the server is there if open. */
  wake(): void {
    if (this.#state.is === "waiting") this.#attempt();
    else this.#probe();
  }

  /** Leaves the connection and makes another one, with the cursor of then. */
  renew(): void {
    if (this.#state.is === "idle" || this.#state.is === "stopped") return;
    this.#attempt();
  }

  /** The server said when to come back, in ms. */
  retryIn(ms: number): void {
    this.#retryMs = ms;
  }

  /** True when `line` went to the open socket. */
  send(line: string): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(line);
    return true;
  }

  #attempt(): void {
    this.#drop();
    const epoch = this.#epoch;
    this.#retryMs = null;
    this.#enter({ is: "connecting" });
    // However long the token provider takes, that is no fault of the connection.
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
    // A handshake without an answer is as dead as a connection without one.
    this.#deadline = setTimeout(() => this.#lost(CUT), ANSWER_MS);
    socket.onopen = () => {
      this.#unopened = 0;
      this.#openedAt = this.#platform.elapsed();
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
      this.#heard();
      this.#listen();
      this.#enter({ is: "open" });
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

  /** One timer for however many lines: it looks back at the last one. */
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

  #probe(): void {
    if (this.#state.is !== "open" || this.#deadline !== undefined) return;
    const ping = writeLine({ type: "ping" });
    if (this.send(ping)) this.#listener.onSent(ping);
    this.#deadline = setTimeout(() => this.#lost(CUT), ANSWER_MS);
  }

  #closed(code: number, reason: string): void {
    if (comesBack(code)) this.#lost(code);
    else this.halt(code, reason);
  }

  #lost(code: number): void {
    const opened = this.#state.is === "open";
    if (opened && this.#platform.elapsed() - this.#openedAt >= GOOD_MS) this.#attempts = 0;
    if (!opened) this.#unopened += 1;
    this.#drop();
    const wait = this.#waitFor(code);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#attempt(), wait);
    this.#enter({ is: "waiting", until: this.#platform.now() + wait, code, unopened: this.#unopened });
  }

  #waitFor(code: number): number {
    const own = backoff(this.#attempts, this.#platform.random);
    if (this.#retryMs === null || !TIMED.has(code)) return own;
    return code === AT_CAPACITY ? Math.max(own, this.#retryMs) : this.#retryMs;
  }

  /** Lets go of the socket: nothing that it still says is heard. */
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
