// A platform that tests control: sockets, and the storage, locks and channels that the tabs of a profile share.

import type {
  Channel,
  EventsLike,
  Lock,
  Platform,
  PlatformEvent,
  SocketLike,
} from "../../src/platform/platform";
import { MemoryStorage } from "../../src/storage/memory";
import { MemoryNotes, type Notes } from "../../src/storage/notes";
import type { Storage } from "../../src/storage/storage";
import { FakeBrowser } from "./doubles";

/** What the tabs of one browser share. */
export class FakeProfile {
  readonly storage: Storage;
  readonly notes: Notes = new MemoryNotes();
  /** Cookies that scripts can read. */
  readonly cookies = new Map<string, string>();
  readonly #locks = new Map<string, Set<object>>();
  readonly #waiting = new Map<object, () => void>();
  readonly #suspended = new Set<FakePlatform>();
  readonly #subscribers = new Set<{ name: string; tab: FakePlatform; hear: (message: unknown) => void }>();

  constructor(storage: Storage = new MemoryStorage()) {
    this.storage = storage;
  }

  /** Grant a lock in the order of the requests, as browsers do. */
  lock(name: string, tab: FakePlatform): Lock {
    const queue = this.#locks.get(name) ?? new Set();
    this.#locks.set(name, queue);
    const ticket = {};
    queue.add(ticket);
    const held = new Promise<void>((resolve) => {
      if (queue.size === 1) resolve();
      else this.#waiting.set(ticket, resolve);
    });
    const release = () => {
      const first = [...queue][0] === ticket;
      queue.delete(ticket);
      this.#waiting.delete(ticket);
      const [next] = queue;
      if (first && next !== undefined) this.#waiting.get(next)?.();
    };
    tab.ends.push(release);
    return { held, release };
  }

  /** Locks that are held or waited for. */
  get locks(): number {
    return [...this.#locks.values()].reduce((sum, queue) => sum + queue.size, 0);
  }

  /** Channels that are open. */
  get channels(): number {
    return this.#subscribers.size;
  }

  /** Stop a tab: it keeps its locks and gets no messages. */
  suspend(tab: FakePlatform): void {
    this.#suspended.add(tab);
  }

  resume(tab: FakePlatform): void {
    this.#suspended.delete(tab);
  }

  channel(name: string, tab: FakePlatform, hear: (message: unknown) => void): Channel {
    const subscriber = { name, tab, hear };
    this.#subscribers.add(subscriber);
    const close = () => void this.#subscribers.delete(subscriber);
    tab.ends.push(close);
    const post = (message: unknown) => {
      for (const other of this.#subscribers)
        if (other.name === name && other.tab !== tab && !this.#suspended.has(other.tab)) other.hear(message);
    };
    return { post, close };
  }
}

export class FakeEvents implements EventsLike {
  readyState: EventsLike["readyState"] = 0;
  onmessage: EventsLike["onmessage"] = null;
  onerror: EventsLike["onerror"] = null;
  readonly url: string;
  #onClose: ((event: MessageEvent) => void) | null = null;

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(_type: "close", listener: (event: MessageEvent) => void): void {
    this.#onClose = listener;
  }

  close(): void {
    this.readyState = 2;
  }

  /** The server ends the stream. */
  end(code = 1012, reason = ""): void {
    this.#onClose?.(new MessageEvent("close", { data: JSON.stringify({ code, reason }) }));
  }

  say(data: string): void {
    this.onmessage?.call(this as unknown as EventSource, new MessageEvent("message", { data }));
  }

  /** The stream is lost; `over`: the browser does not open it again by itself. */
  break(over: boolean): void {
    this.readyState = over ? 2 : 0;
    this.onerror?.call(this as unknown as EventSource, new Event("error"));
  }
}

/** One tab. */
export class FakePlatform implements Platform {
  readonly browser = new FakeBrowser();
  readonly events: FakeEvents[] = [];
  readonly tabNotes: Notes = new MemoryNotes();
  readonly profile: FakeProfile;
  storage: Storage;
  /** Called when the tab ends. */
  readonly ends: (() => void)[] = [];
  readonly #listeners = new Map<PlatformEvent, Set<() => void>>();
  isOnline = true;
  random: () => number = () => 0.5;
  openSocket: (url: string) => SocketLike = this.browser.openSocket;
  fetch: Platform["fetch"] = () => Promise.reject(new TypeError("no network"));

  constructor(profile: FakeProfile = new FakeProfile()) {
    this.profile = profile;
    this.storage = profile.storage;
  }

  get notes(): Notes {
    return this.profile.notes;
  }

  cookie(name: string): string | null {
    return this.profile.cookies.get(name) ?? null;
  }

  /** How wrong this computer's clock is, in ms. */
  skew = 0;
  now = (): number => Date.now() + this.skew;
  elapsed = (): number => Date.now();
  online = (): boolean => this.isOnline;
  visible = (): boolean => true;
  nextFrame = (draw: () => void): void => this.browser.nextFrame(draw);
  lock = (name: string): Lock => this.profile.lock(name, this);
  channel = (name: string, hear: (message: unknown) => void): Channel =>
    this.profile.channel(name, this, hear);

  openEvents = (url: string): FakeEvents => {
    const events = new FakeEvents(url);
    this.events.push(events);
    return events;
  };

  on = (event: PlatformEvent, listener: () => void): (() => void) => {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  };

  /** Listeners to what happens in the browser, and to storage. */
  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, listeners) => sum + listeners.size, 0);
  }

  dispatch(event: PlatformEvent): void {
    if (event === "online") this.isOnline = true;
    if (event === "offline") this.isOnline = false;
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener();
  }

  /** End the tab without notice. */
  crash(): void {
    for (const end of this.ends) end();
    this.#listeners.clear();
  }
}
