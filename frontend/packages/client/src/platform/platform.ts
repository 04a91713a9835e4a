// What the client needs of the browser; tests have another implementation.
import type { Notes } from "../storage/notes";
import type { Storage } from "../storage/storage";

/** The part of the browser's `WebSocket` that the client uses. */
export type SocketLike = Pick<
  WebSocket,
  "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"
>;

export type OpenSocket = (url: string, protocols?: string) => SocketLike;

/** The part of the browser's `EventSource` that the client uses. */
export type EventsLike = Pick<EventSource, "onmessage" | "onerror" | "close" | "readyState"> & {
  addEventListener(type: "close", listener: (event: MessageEvent) => void): void;
};

export type PlatformEvent = "online" | "offline" | "visible" | "hidden";

/** A lock that all tabs share. `held` resolves when this tab has it; `release` gives it back, or stops waiting. */
export type Lock = { readonly held: Promise<void>; readonly release: () => void };

/** A channel between the tabs of a browser. */
export type Channel = { readonly post: (message: unknown) => void; readonly close: () => void };

export type Platform = {
  readonly openSocket: OpenSocket;
  readonly openEvents: (url: string) => EventsLike;
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Milliseconds since the epoch: for display and ids. The user may set this clock at any time. */
  readonly now: () => number;
  /** Milliseconds of a monotonic clock: for all durations. */
  readonly elapsed: () => number;
  readonly random: () => number;
  readonly online: () => boolean;
  readonly visible: () => boolean;
  readonly on: (event: PlatformEvent, listener: () => void) => () => void;
  readonly lock: (name: string) => Lock;
  readonly channel: (name: string, onMessage: (message: unknown) => void) => Channel;
  /** Call `draw` once, before the next frame; soon if no frames are drawn. */
  readonly nextFrame: (draw: () => void) => void;
  readonly storage: Storage;
  readonly notes: Notes;
  /** Notes of this tab alone; they survive a reload. */
  readonly tabNotes: Notes;
  /** The value of a cookie that the page may read; null: there is none, or cookies are refused. */
  readonly cookie: (name: string) => string | null;
};
