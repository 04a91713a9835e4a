// The live list of rooms: one stream for all tabs of a browser, and none while no tab shows the list.
import type { RefusedAttempts } from "../auth/refusedAttempts";
import type { GetCredential } from "../auth/tokens";
import { Store } from "../lib/store";
import { Timer } from "../lib/timer";
import { TAKEOVER_MS } from "../platform/leadership";
import type { Channel, Lock, Platform } from "../platform/platform";
import type { Http } from "../protocol/http";
import type { Origin } from "../protocol/urls";
import { LIST_PAGE, RoomListModel, type RoomListState, type RoomSummary } from "./state";
import { ListStream } from "./stream";
import { UnreadWatch } from "./unread";

/**
 * Messages between tabs: `ask` from a new tab that needs the list, the others from the tab that holds the stream;
 * `leading`: it has no list yet.
 */
type TabMessage =
  | { readonly type: "ask" }
  | { readonly type: "leading" }
  | {
      readonly type: "list";
      readonly rooms: readonly RoomSummary[];
      readonly hasMore: boolean;
      /** Whether the tab holds the lock: one that opened a stream without it closes that then. */
      readonly locked: boolean;
    }
  | { readonly type: "rooms"; readonly rooms: readonly RoomSummary[] };

type RoomListOptions = {
  readonly ask: GetCredential;
  readonly attempts: RefusedAttempts;
  readonly http: Http;
  readonly origin: Origin;
  readonly platform: Platform;
  /** Whether rooms are joined, and none of them is live: the list waits for them. */
  readonly areRoomsPending: () => boolean;
  /** Whether rooms are joined with this token: then they get another one, and the list waits for that. */
  readonly isRefusedInRooms: (token: string | null) => boolean;
  /** The login was ended, here or elsewhere. */
  readonly onSignedOut: () => void;
  /** The key of the member, once known: tabs of one member share the list. */
  readonly name: () => Promise<string>;
};

export class RoomList {
  #status: RoomListState["status"] = "idle";
  #subscribers = 0;
  #lock: Lock | null = null;
  #channel: Channel | null = null;
  /** Why this tab holds the stream; null where another one does. */
  #leading: "lock" | "takeover" | null = null;
  /** The tab that holds the lock may be suspended, or the browser may never grant it. */
  readonly #takeover = new Timer(() => this.#lead("takeover"));
  /** Rooms that changed since the last message to the other tabs. */
  #news: RoomSummary[] = [];
  #listening: (() => void)[] = [];
  /** Grows with every start and stop, so that results of older starts are ignored. */
  #epoch = 0;
  readonly #model = new RoomListModel();
  readonly #stream: ListStream;
  readonly #unread: UnreadWatch;
  readonly #store: Store<RoomListState>;
  readonly #options: RoomListOptions;

  constructor(options: RoomListOptions) {
    this.#options = options;
    const { http, platform } = options;
    this.#stream = new ListStream({
      ...options,
      onBegin: () => this.#model.begin(),
      onLine: (line) => {
        if (line.type === "ready") this.#ready();
        else if (line.type === "item") {
          const { type: _, ...room } = line;
          this.#changed(room);
        }
      },
      onBroken: () => this.#become("stale"),
    });
    this.#unread = new UnreadWatch(http, this.#model, () => this.#store.changed());
    this.#store = new Store(() => this.#state(), platform.nextFrame);
  }

  /** Return the list: immutable, and the same object until something changes; so are its parts. */
  getState = (): RoomListState => this.#store.get();

  /** Keep the list live and call `listener` after changes, once a frame at most; returns what ends both. */
  subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#store.subscribe(listener);
    let subscribed = true;
    this.#subscribers += 1;
    if (this.#subscribers === 1 && this.#listening.length === 0) this.#listen();
    return () => {
      if (!subscribed) return;
      subscribed = false;
      unsubscribe();
      this.#subscribers -= 1;
      // React's StrictMode subscribes, leaves and subscribes in one go.
      queueMicrotask(() => this.#subscribers === 0 && this.close());
    };
  };

  /** Load older rooms. Rejects where the server does not answer. */
  async loadMore(): Promise<void> {
    const before = this.#model.rooms.at(-1)?.item;
    if (before === undefined || !this.#model.hasMore) return;
    this.#model.append(await this.#options.http.items({ before, limit: LIST_PAGE }), LIST_PAGE);
    this.#store.changed();
  }

  /** Return the rooms whose id begins with `prefix`, the latest first, up to a hundred. */
  search(prefix: string): Promise<readonly RoomSummary[]> {
    return this.#options.http.items({ prefix });
  }

  /** Count the unread messages of `items` in `unread`, in the list or not; returns what ends this. */
  watchUnread(items: readonly string[]): () => void {
    return this.#unread.watch(items);
  }

  /** Forget the list: the member has signed out. */
  forget(): void {
    this.#pause();
    this.#model.clear();
    this.#become("idle");
  }

  /** Begin again with another member's list. */
  restart(): void {
    this.#pause();
    this.#model.clear();
    if (this.#listening.length === 0) return;
    this.#become("loading");
    if (this.#options.platform.visible()) void this.#start();
  }

  /** Continue if the list waits for a room that is live, refused or left now. */
  admitted(): void {
    this.#stream.admitted();
  }

  /** Try now what would be tried later. */
  wake(): void {
    this.#stream.wake();
  }

  close(): void {
    this.#pause();
    for (const stop of this.#listening) stop();
    this.#listening = [];
    this.#become("idle");
  }

  #listen(): void {
    const { platform } = this.#options;
    this.#listening = [
      platform.on("visible", () => void this.#start()),
      platform.on("hidden", () => this.#pause()),
      platform.on("online", () => this.#stream.wake()),
    ];
    this.#become(this.#model.rooms.length > 0 ? "stale" : "loading");
    if (platform.visible()) void this.#start();
  }

  async #start(): Promise<void> {
    if (this.#channel !== null) return;
    this.#epoch += 1;
    const epoch = this.#epoch;
    const name = await this.#options.name().catch(() => null);
    if (epoch !== this.#epoch || name === null || this.#channel !== null) return;
    const { platform } = this.#options;
    this.#channel = platform.channel(name, (message) => this.#heard(message as TabMessage));
    const lock = platform.lock(name);
    this.#lock = lock;
    const lead = (how: "lock" | "takeover") => this.#lock === lock && this.#lead(how);
    // A browser that refuses locks leaves every tab to open a stream.
    lock.held.then(
      () => lead("lock"),
      () => lead("takeover"),
    );
    this.#takeover.within(TAKEOVER_MS);
    this.#post({ type: "ask" });
  }

  #lead(how: "lock" | "takeover"): void {
    this.#takeover.cancel();
    const wasLeading = this.#leading !== null;
    this.#leading = how;
    if (!wasLeading) this.#stream.start();
  }

  /** Leave the stream to another tab. */
  #yield(): void {
    this.#stream.stop();
    this.#leading = null;
    this.#news = [];
  }

  /** Release the stream while the list is not shown, so that another tab can open it. */
  #pause(): void {
    this.#epoch += 1;
    this.#yield();
    this.#takeover.cancel();
    this.#lock?.release();
    this.#lock = null;
    this.#channel?.close();
    this.#channel = null;
    if (this.#status === "live") this.#become("stale");
  }

  #ready(): void {
    this.#model.ready();
    this.#live();
    this.#postList();
  }

  #changed(room: RoomSummary): void {
    this.#model.take(room);
    if (this.#status !== "live") return;
    this.#store.changed();
    this.#news.push(room);
    if (this.#news.length > 1) return;
    // All changes of one frame go to the other tabs in one message.
    queueMicrotask(() => {
      if (this.#news.length > 0) this.#post({ type: "rooms", rooms: this.#news });
      this.#news = [];
    });
  }

  #heard(message: TabMessage): void {
    if (message.type === "ask") this.#answer();
    else if (message.type === "leading") this.#takeover.cancel();
    else if (this.#leading === "lock") {
      // A tab that took over while this one was suspended.
      if (message.type === "list") this.#answer();
    } else if (this.#leading === null || (message.type === "list" && message.locked)) {
      this.#takeover.cancel();
      if (this.#leading !== null) this.#yield();
      if (message.type === "list") this.#model.replace(message.rooms, message.hasMore);
      else for (const room of message.rooms) this.#model.take(room);
      this.#live();
    }
  }

  #answer(): void {
    if (this.#leading === null) return;
    if (this.#status === "live") this.#postList();
    else this.#post({ type: "leading" });
  }

  #live(): void {
    // Counts of rooms outside of the list may have changed unnoticed.
    if (this.#status === "stale") this.#unread.refresh();
    this.#become("live");
  }

  #postList(): void {
    const { rooms, hasMore } = this.#model;
    this.#post({
      type: "list",
      rooms: rooms.slice(0, LIST_PAGE),
      hasMore: hasMore || rooms.length > LIST_PAGE,
      locked: this.#leading === "lock",
    });
  }

  #post(message: TabMessage): void {
    this.#channel?.post(message);
  }

  #become(status: RoomListState["status"]): void {
    this.#status = status;
    this.#store.changed();
  }

  #state(): RoomListState {
    const { rooms, hasMore, unread } = this.#model;
    return { status: this.#status, rooms, hasMore, unread };
  }
}
