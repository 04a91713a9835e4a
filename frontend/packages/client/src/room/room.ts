// A room as this tab sees it: timeline, outbox, peers and wire behind one store that a page can draw.

import { RefusedAttempts } from "../auth/authentication";
import { keyOfId, serverOf } from "../auth/tokens";
import { Carrier } from "../connection/connection";
import { WireLog } from "../devtools/wireLog";
import { FrameStore } from "../lib/store";
import { Later } from "../lib/timer";
import { Http } from "../protocol/http";
import type { Entry, Hello, Json, Limits, ServerLine, You } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import { Pager } from "./history";
import { Archive } from "./historyCache";
import { rowsOf } from "./messages";
import { Outbox } from "./outbox";
import { Peers } from "./presence";
import { Signals } from "./receipts";
import type { RoomOptions, RoomView } from "./state";
import { statusOf } from "./status";
import { Timeline } from "./timeline";

/** Entries held in memory while reading at the foot. */
const HELD = 500;
/** Farther behind than this, the way back to the present is not read entry by entry: older pages come on demand. */
const FAR = 1000;

export class Room {
  readonly item: string;
  readonly wire: WireLog;
  readonly #options: RoomOptions;
  readonly #timeline = new Timeline();
  readonly #peers = new Peers();
  readonly #outbox: Outbox;
  readonly #carrier: Carrier;
  readonly #pager: Pager;
  readonly #store: FrameStore<RoomView>;
  readonly #lapse = new Later(() => this.#changed());
  readonly #archive: Archive;
  readonly #signals: Signals;
  #leave: (() => void)[] = [];
  #held = 0;
  #running = false;
  #restored: Promise<void> | null = null;
  #me: You | null = null;
  #joined: RoomView["joined"] = null;
  #limits: Limits | null = null;
  #following = true;
  /** Under which name this browser keeps what the member writes and reads. */
  #member: string | null;

  constructor(options: RoomOptions) {
    const { item, member, ask, origin, world } = options;
    this.#member = member;
    this.item = item;
    this.wire = new WireLog(world.nextFrame);
    this.#options = options;
    const attempts = options.attempts ?? new RefusedAttempts(world);
    const http = new Http(origin, ask, world, attempts);
    this.#pager = new Pager(item, this.#timeline, http, () => this.#changed());
    this.#archive = new Archive(this.#key, this.#timeline, world);
    this.#signals = new Signals(
      (command) => this.#carrier.say(command),
      (seq) => this.#marked(seq),
    );
    this.#outbox = new Outbox(this.#key, world, () => this.#changed());
    this.#carrier = new Carrier({
      item,
      origin,
      ask,
      attempts,
      http,
      wire: this.wire,
      world,
      stand: () => ({ log: this.#timeline.log, cursor: this.#timeline.cursor }),
      onLine: (line) => this.#line(line),
      onState: () => this.#stateChanged(),
      onSignedOut: () => options.onSignedOut?.(),
    });
    this.#store = new FrameStore(() => this.#look(), world.nextFrame);
  }

  // --- the store

  /** The same object until listeners have been told of a change. */
  view = (): RoomView => this.#store.view();

  subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener);

  /**
   * Keeps the room live for as long as someone holds it; gives back the release. The last release counts only when
   * nobody has taken hold again by the next microtask: React's StrictMode mounts, unmounts and mounts in one go.
   */
  hold(): () => void {
    this.#held += 1;
    if (!this.#running) void this.#start();
    return () => {
      this.#held -= 1;
      queueMicrotask(() => {
        if (this.#held > 0) return;
        this.#stop();
        this.#options.onIdle?.();
      });
    };
  }

  // --- what a member does

  send(body: Json): void {
    this.#outbox.add({ type: "send", id: this.#outbox.newId(), body });
  }

  edit(target: number, body: Json): void {
    this.#outbox.add({ type: "edit", id: this.#outbox.newId(), target, body }, this.#timeline.log);
  }

  delete(target: number): void {
    this.#outbox.add({ type: "delete", id: this.#outbox.newId(), target }, this.#timeline.log);
  }

  /** Sends a refused draft again, with another body where one is given. */
  retry(id: string, body?: Json): void {
    this.#outbox.retry(id, body);
  }

  discard(id: string): void {
    this.#outbox.discard(id);
  }

  /** To be called at every key; the others hear of it every two seconds (P4). */
  typing(): void {
    this.#signals.typing(this.#options.world.now());
  }

  /** The member has seen everything up to `seq` (P5). */
  read(seq: number): void {
    this.#signals.read(seq);
  }

  /** Whether the reader is at the foot: then the oldest entries need not be held. */
  follow(following: boolean): void {
    this.#following = following;
  }

  /** The member has signed out: nothing of the room is kept any more. */
  forget(): void {
    this.#carrier.stop();
    this.#outbox.forget();
    this.#archive.stop();
    this.#archive.key = null;
    this.#timeline.clear();
    this.#changed();
  }

  reconnect(): void {
    this.#carrier.wake();
  }

  /** Asks for the page before the first entry held. */
  loadOlder(): Promise<void> {
    return this.#pager.load();
  }

  // --- starting and stopping

  async #start(): Promise<void> {
    this.#running = true;
    this.#outbox.attach();
    this.#restored ??= this.#restore();
    await this.#restored;
    if (!this.#running || this.#leave.length > 0) return;
    this.#leave = [
      this.#options.world.on("hidden", () => this.#archive.now()),
      this.#options.world.shelf.watch(() => this.#changed()),
      this.#options.world.on("online", () => this.#changed()),
      this.#options.world.on("offline", () => this.#changed()),
    ];
    this.#carrier.start();
  }

  #stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#carrier.stop();
    this.#outbox.close();
    this.#outbox.detach();
    this.#archive.now();
    this.#signals.stop();
    this.#lapse.cancel();
    for (const leave of this.#leave) leave();
    this.#leave = [];
  }

  async #restore(): Promise<void> {
    await this.#archive.restore();
    await this.#outbox.load();
    this.#changed();
  }

  // --- what the server says

  #line(line: ServerLine): void {
    const { world } = this.#options;
    switch (line.type) {
      case "hello":
        this.#greeted(line);
        break;
      case "entry":
        this.#entry(line);
        break;
      case "gap":
        this.#timeline.skip(line);
        break;
      case "ack":
        this.wire.acked(line.id, world.now(), world.elapsed());
        this.#outbox.acked(line.id, line.seq);
        if ((this.#timeline.cursor ?? 0) >= line.seq) this.#outbox.seen(line.id);
        break;
      case "presence":
        this.#peers.presence(line);
        break;
      case "typing":
        this.#peers.typing(line.by, world.now());
        break;
      case "read":
        this.#peers.read(line.by, line.seq);
        break;
      case "access":
        if (this.#me !== null) this.#me = { ...this.#me, can: line.can };
        break;
      case "error":
        if (line.id !== undefined) this.#outbox.refused(line);
        if (line.retry_ms !== undefined) this.#carrier.retryIn(line.retry_ms);
        break;
      case "bye":
        this.#carrier.retryIn(line.retry_ms);
        break;
    }
    this.#changed();
  }

  #greeted(hello: Hello): void {
    const { cursor, log: before } = this.#timeline;
    const far = !hello.reset && cursor !== null && hello.head - cursor > FAR;
    // What another member saw, before a change of login, is not for this one.
    const another = this.#archive.you !== null && this.#archive.you !== hello.you.id;
    this.#identify(hello.you.id);
    if (far || another) {
      if (another) this.#me = null;
      this.#timeline.clear();
      this.#carrier.renew();
      return;
    }
    this.#timeline.greet(hello);
    this.#peers.greet(hello);
    // How far another log was read says nothing about this one.
    const same = !hello.reset && (before === null || before === hello.log);
    const mark = this.#peers.mark(hello.you.id);
    this.#joined = { mark, head: hello.head };
    this.#signals.greet(mark, same ? hello.head : 0);
    this.#me = hello.you;
    this.#limits = hello.limits;
    this.#outbox.landed();
    this.#outbox.open((command) => this.#carrier.carry(command, this.#limits), {
      you: hello.you.id,
      log: hello.log,
      before: hello.reset ? "" : before,
    });
  }

  /** The server told who this is. A login cookie is the same for everybody: it may be another member's by now. */
  #identify(you: string): void {
    const { onMember } = this.#options;
    this.#archive.you = you;
    // A token names its member, and everything is kept under that name.
    if (this.#member !== null && onMember === undefined) return;
    const member = keyOfId(you);
    if (this.#member === member) return;
    const before = this.#member;
    this.#member = member;
    this.#archive.key = this.#key;
    if (this.#key !== null) this.#outbox.identify(this.#key, you);
    void this.#outbox.load();
    onMember?.(you, before);
  }

  get #key(): RoomKey | null {
    const { item, origin } = this.#options;
    return this.#member === null ? null : { server: serverOf(origin), item, member: this.#member };
  }

  #entry(entry: Entry): void {
    if (this.#timeline.take(entry) === "hole") {
      this.#carrier.renew();
      return;
    }
    this.#peers.spoke(entry.by.id, this.#options.world.now());
    if (entry.by.id === this.#archive.you) this.#outbox.seen(entry.id);
    if (this.#following) this.#trim();
    this.#archive.touch();
  }

  /** In large steps, because each one moves all that is left. */
  #trim(): void {
    const { cursor, first } = this.#timeline;
    if (cursor !== null && first !== null && cursor - first > 2 * HELD) this.#timeline.trim(HELD);
  }

  /** The server does not send a member's own mark back. */
  #marked(seq: number): void {
    if (this.#me !== null) this.#peers.read(this.#me.id, seq);
    this.#changed();
  }

  #stateChanged(): void {
    if (this.#carrier.live === null) {
      this.#outbox.close();
      this.#peers.leave();
    }
    this.#changed();
  }

  // --- the view

  #changed(): void {
    this.#store.changed();
  }

  #look(): RoomView {
    const { world } = this.#options;
    const lapse = this.#peers.lapse();
    if (lapse !== null) this.#lapse.at(Math.max(0, lapse - world.now()));
    const waiting = this.#outbox.drafts.filter(({ progress }) => progress.is === "waiting").length;
    return {
      ...this.#peers.view(world.now()),
      ...rowsOf(this.#timeline, this.#outbox),
      status: statusOf({
        link: this.#carrier.link,
        auth: this.#carrier.auth,
        live: this.#carrier.live,
        known: this.#me !== null,
        online: world.online(),
        waiting,
      }),
      me: this.#me,
      log: this.#timeline.log,
      joined: this.#joined,
      limits: this.#limits,
      cursor: this.#timeline.cursor ?? 0,
      older: this.#pager.older,
      key: this.#key,
      durable: world.shelf.durable,
      mayChange: this.#carrier.live !== "events",
    };
  }
}
