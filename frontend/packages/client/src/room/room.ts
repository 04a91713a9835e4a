// The room of one item: connected while at least one part of the application has joined it.
import { RefusedAttempts } from "../auth/refusedAttempts";
import { Connection } from "../connection/connection";
import type { CommandError } from "../connection/pending";
import { wantsToken } from "../connection/webSocket";
import { WireLog } from "../devtools/wireLog";
import { Emitter } from "../lib/emitter";
import { Store } from "../lib/store";
import { Timer } from "../lib/timer";
import { Http } from "../protocol/http";
import type { Delete, Edit, Json, Send } from "../protocol/wire.gen";
import { DraftText } from "../storage/draftText";
import type { RoomEvents } from "./events";
import { RoomModel } from "./model";
import type { RoomOptions } from "./options";
import type { Message, RoomState } from "./state";
import { statusOf } from "./status";

/**
 * A message on its way: `delivered` resolves when it is durable, and rejects with CommandError when it fails.
 */
export type Sending = { readonly id: string; readonly delivered: Promise<Message> };

export class Room {
  readonly item: string;
  /** The lines in and out, for developer tools. */
  readonly wire: WireLog;
  readonly #options: RoomOptions;
  readonly #model: RoomModel;
  readonly #connection: Connection;
  readonly #store: Store<RoomState>;
  readonly #events = new Emitter<RoomEvents>();
  readonly #typingLapse = new Timer(() => this.#changed());
  readonly #draftText: DraftText;
  #listening: (() => void)[] = [];
  #joins = 0;
  #running = false;
  #signedOut = false;
  #restored: Promise<void> | null = null;

  constructor(options: RoomOptions) {
    const { item, ask, origin, platform } = options;
    const attempts = options.attempts ?? new RefusedAttempts(platform);
    this.item = item;
    this.wire = new WireLog(platform.nextFrame);
    this.#options = options;
    this.#draftText = new DraftText(platform);
    const http = new Http(origin, ask, platform, attempts);
    this.#model = new RoomModel({
      ...options,
      http,
      events: this.#events,
      say: (command) => this.#connection.say(command),
      renew: () => this.#connection.renew(),
      transmitter: { transmit: (command) => this.#connection.transmit(command) },
      onChange: () => this.#changed(),
    });
    this.#connection = new Connection({
      item,
      origin,
      ask,
      attempts,
      http,
      wire: this.wire,
      platform,
      position: () => this.#model.resume.position,
      onLine: (line) => {
        this.#model.take(line);
        if (line.type === "hello") options.onSettled?.();
      },
      onState: () => {
        if (this.#connection.live === null) this.#model.disconnected();
        this.#changed();
        if (this.settled) options.onSettled?.();
      },
      onSignedOut: () => options.onSignedOut?.(),
    });
    this.#store = new Store(() => this.#state(), platform.nextFrame);
  }

  /** Whether the server has let the room in, or closed it for a reason that is not the token. */
  get settled(): boolean {
    const { live, link } = this.#connection;
    return live !== null || (link.status === "stopped" && !wantsToken(link.code));
  }

  /** Whether the room is joined. */
  get joined(): boolean {
    return this.#joins > 0;
  }

  /** Return the room's state: immutable, and the same object until something changes; so are its parts. */
  getState = (): RoomState => this.#store.get();

  /** Call `listener` after changes, once a frame at most; returns the function that ends this. */
  subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener);

  /** Call `listener` on every event of this name; returns the function that ends this. */
  on<Name extends keyof RoomEvents>(name: Name, listener: (message: RoomEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Keep the room live until the returned function is called; joins are counted. The last leave takes effect at the
   * next microtask: React's StrictMode mounts, unmounts and mounts in one go, and that must not cost a second socket.
   */
  join(): () => void {
    let joined = true;
    this.#joins += 1;
    if (this.#joins === 1) this.#options.onJoin?.();
    if (!this.#running) void this.#start();
    return () => {
      if (!joined) return;
      joined = false;
      this.#joins -= 1;
      queueMicrotask(() => {
        if (this.#joins > 0 || !this.#running) return;
        this.#stop();
        this.#options.onIdle?.();
      });
    };
  }

  /** Put a message into the outbox, which sends it as soon as there is a connection. */
  send(body: Json): Sending {
    return this.#add({ type: "send", id: this.#model.outbox.newId(), body });
  }

  /** Replace the body of message `seq`. */
  edit(seq: number, body: Json): Sending {
    return this.#add({ type: "edit", id: this.#model.outbox.newId(), target: seq, body });
  }

  /**
   * Delete message `seq`. With `afterMs` the delete waits in the outbox that long, so that `discard` can take it back; a
   * reload changes nothing about that.
   */
  delete(seq: number, { afterMs = 0 }: { readonly afterMs?: number } = {}): Sending {
    return this.#add({ type: "delete", id: this.#model.outbox.newId(), target: seq }, afterMs);
  }

  /**
   * Send a failed message, or the failed edit or delete of a message, again; with another body where one is given.
   */
  retry(id: string, body?: Json): void {
    const draft = this.#model.draftOf(id);
    if (draft !== undefined) this.#model.outbox.retry(draft.id, body);
  }

  /** Remove a message that is not sent, or take back the pending edit or delete of a message. */
  discard(id: string): void {
    const draft = this.#model.draftOf(id);
    if (draft !== undefined) this.#model.outbox.discard(draft.id);
  }

  /**
   * Tell the others that the member is writing. To be called at every key: they learn of it every two seconds (P4).
   */
  startTyping(): void {
    this.#model.receipts.typing(this.#options.platform.now());
  }

  /** The member has seen everything up to `seq` (P5). */
  markRead(seq: number): void {
    this.#model.receipts.read(seq);
  }

  /** Load older messages; resolves when they are there, or loading failed (`history.status`). */
  loadOlder(): Promise<void> {
    return this.#model.history.load();
  }

  /** Whether the reader is at the bottom: then the oldest messages need not be held in memory. */
  follow(following: boolean): void {
    this.#model.following = following;
  }

  /** Return the text that the member is writing here, as `saveDraft` kept it. */
  loadDraft(): string {
    return this.#draftText.load(this.#model.key);
  }

  /** Keep the text that the member is writing, until it is sent: save "" then. */
  saveDraft(text: string): void {
    this.#draftText.save(this.#model.key, text);
  }

  /** Try now what would be tried later. */
  reconnect(): void {
    this.#connection.wake();
  }

  /** Drop everything that is held of the room: the member has signed out. */
  forget(): void {
    this.#signedOut = true;
    this.#connection.stop();
    this.#model.forget();
    this.#draftText.forget();
    this.#changed();
  }

  /** End the room for everybody who joined it. What waits to be sent stays in storage. */
  close(): void {
    this.#joins = 0;
    this.#stop();
    this.#model.outbox.abandon();
    this.#events.clear();
  }

  async #start(): Promise<void> {
    const { platform } = this.#options;
    this.#running = true;
    this.#model.start();
    this.#restored ??= this.#restore();
    await this.#restored;
    if (!this.#running || this.#listening.length > 0) return;
    this.#listening = [
      platform.on("hidden", () => this.#model.cache.now()),
      platform.storage.watch(() => this.#changed()),
      platform.on("online", () => this.#changed()),
      platform.on("offline", () => this.#changed()),
    ];
    this.#connection.start();
    this.#changed();
  }

  async #restore(): Promise<void> {
    const member = await this.#options.identify?.().catch(() => null);
    if (member !== undefined && member !== null) this.#model.setMember(member, null);
    // Before drafts are read, so that none is missed that another tab writes meanwhile.
    if (this.#running) this.#model.outbox.attach();
    await this.#model.restore();
    this.#changed();
  }

  #stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#connection.stop();
    this.#model.stop();
    this.#typingLapse.cancel();
    for (const stop of this.#listening) stop();
    this.#listening = [];
    this.#changed();
  }

  #add(command: Send | Edit | Delete, afterMs = 0): Sending {
    const delivered = new Promise<Message>((resolve, reject: (error: CommandError) => void) => {
      this.#model.add(
        command,
        {
          resolve: (draft, seq) => resolve(this.#model.delivered(draft, seq)),
          reject,
        },
        afterMs,
      );
    });
    // The state shows the outcome too, for callers that ignore the promise.
    delivered.catch(() => undefined);
    return { id: command.id, delivered };
  }

  #changed(): void {
    const now = this.#options.platform.now();
    const lapse = this.#model.presence.lapse(now);
    if (lapse !== null && this.#running) this.#typingLapse.at(lapse - now);
    this.#store.changed();
  }

  #state(): RoomState {
    const { platform } = this.#options;
    const { auth, link, live } = this.#connection;
    const model = this.#model.state();
    const known = model.me !== null;
    const connection = statusOf({ link, auth, live: live !== null, known, online: platform.online() });
    return {
      ...(this.#signedOut ? { status: "signedOut" as const, error: null, retryAt: null } : connection),
      ...(!this.#running && !this.#signedOut && { status: "idle" as const }),
      ...model,
      durable: platform.storage.durable,
      transport: live,
    };
  }
}
