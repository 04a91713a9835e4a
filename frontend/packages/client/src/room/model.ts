// The state of a room, from the server's lines, the stored history and the member's drafts.
import { keyOfId } from "../auth/tokens";
import { serverOf } from "../protocol/addresses";
import type { Delete, Edit, Entry, Hello, Limits, Send, ServerLine, You } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import type { Draft } from "./drafts";
import { HistoryLoader } from "./history";
import { HistoryCache } from "./historyCache";
import { applied, MessageList, messageOf, messageOfDraft } from "./messages";
import type { RoomModelOptions } from "./modelOptions";
import { Outbox } from "./outbox";
import type { Outcome } from "./outcomes";
import { Presence } from "./presence";
import { Receipts } from "./receipts";
import { Resume } from "./resume";
import type { Message, RoomState } from "./state";
import { Timeline } from "./timeline";

/** Entries held in memory while the reader is at the bottom. */
const HELD = 500;
/** Farther behind than this, entries are not read one by one until the present: older pages are loaded on demand. */
const FAR = 1000;

type ModelState = Omit<RoomState, "status" | "error" | "retryAt" | "durable" | "transport">;

export class RoomModel {
  readonly timeline = new Timeline();
  readonly resume: Resume;
  readonly presence = new Presence();
  readonly outbox: Outbox;
  readonly history: HistoryLoader;
  readonly cache: HistoryCache;
  readonly receipts: Receipts;
  /** Whether the reader is at the bottom. */
  following = true;
  me: You | null = null;
  joined: RoomState["joined"] = null;
  limits: Limits | null = null;
  /** Entries behind this seq are new to this join; null before the first greeting of it. */
  #newAfter: number | null = null;
  #member: string | null;
  readonly #list = new MessageList();
  #messages: {
    readonly version: number;
    readonly drafts: readonly Draft[];
    readonly me: You | null;
    readonly list: readonly Message[];
  } | null = null;
  readonly #options: RoomModelOptions;

  constructor(options: RoomModelOptions) {
    const { item, member, platform, http, onChange } = options;
    this.#options = options;
    this.#member = member;
    this.resume = new Resume(item, this.timeline, http, (hello) => this.#lost(hello));
    this.history = new HistoryLoader(item, this.timeline, http, onChange);
    this.cache = new HistoryCache(this.key, this.timeline, platform);
    this.outbox = new Outbox(this.key, platform, onChange, {
      idOf: (seq) => this.timeline.message(seq)?.id ?? null,
      end: () => this.timeline.cursor ?? 0,
    });
    this.receipts = new Receipts(options.say, (seq) => this.#marked(seq));
  }

  /** The key of the member's drafts and history in this browser; null: not known. */
  get key(): RoomKey | null {
    const { item, origin } = this.#options;
    return this.#member === null ? null : { server: serverOf(origin), item, member: this.#member };
  }

  /** The draft of this id, or the pending change of the message of this id. */
  draftOf(id: string): Draft | undefined {
    const own = this.outbox.find(id);
    if (own !== undefined) return own;
    const target = this.timeline.messages.find(
      (entry) => entry.id === id && entry.by.id === this.me?.id,
    )?.seq;
    return this.outbox.drafts.findLast(
      ({ command }) => command.type !== "send" && target !== undefined && command.target === target,
    );
  }

  add(command: Send | Edit | Delete, outcome: Outcome, afterMs = 0): void {
    this.outbox.add(command, command.type === "send" ? null : this.timeline.log, outcome, afterMs);
  }

  /** The message that a draft has become, which is durable at `seq`. */
  delivered(draft: Draft, seq: number): Message {
    const { command } = draft;
    const target = command.type === "send" ? null : this.timeline.message(command.target);
    if (target !== null) return applied(messageOf(target), draft);
    const message = messageOfDraft(draft, this.me ?? { id: draft.you ?? "", name: "" });
    return { ...message, seq: command.type === "send" ? seq : command.target, delivery: "sent", error: null };
  }

  start(): void {
    this.#newAfter = null;
    this.outbox.attach();
  }

  async restore(): Promise<void> {
    await this.cache.restore();
    await this.outbox.load();
  }

  stop(): void {
    this.outbox.close();
    this.outbox.detach();
    this.cache.now();
    this.receipts.stop();
  }

  /** The connection was lost. */
  disconnected(): void {
    this.resume.stop();
    this.outbox.close();
    this.presence.leave();
  }

  forget(): void {
    this.outbox.forget();
    this.cache.stop();
    this.cache.key = null;
    this.timeline.clear();
    this.me = null;
  }

  /** Set the key of the member's data in storage; `you`: the member's id, if the server has sent it. */
  setMember(member: string, you: string | null): void {
    if (this.#member === member) return;
    this.#member = member;
    this.cache.key = this.key;
    if (this.key !== null) this.outbox.identify(this.key, you);
  }

  take(line: ServerLine): void {
    const { platform } = this.#options;
    switch (line.type) {
      case "hello":
        this.#greet(line);
        break;
      case "entry":
        this.#entry(line);
        break;
      case "gap":
        this.timeline.skip(line);
        this.resume.skipped();
        break;
      case "presence":
        this.presence.presence(line);
        break;
      case "typing":
        this.presence.typing(line.by, platform.now());
        break;
      case "read":
        this.presence.read(line.by, line.seq);
        break;
      case "access":
        if (this.me !== null) this.me = { ...this.me, can: line.can };
        break;
    }
    this.#options.onChange();
  }

  state(): ModelState {
    const { members, count, typing, reads } = this.presence.state();
    return {
      me: this.me,
      messages: this.#currentMessages(),
      history: this.history.state,
      members,
      memberCount: count,
      typing,
      reads,
      joined: this.joined,
      log: this.timeline.log,
      head: this.timeline.cursor ?? 0,
      limits: this.limits,
      queued: this.outbox.count,
    };
  }

  #currentMessages(): readonly Message[] {
    const { version, messages } = this.timeline;
    const { drafts } = this.outbox;
    const known = this.#messages;
    if (known?.version === version && known.drafts === drafts && known.me === this.me) return known.list;
    const list = this.#list.build(messages, drafts, this.me);
    this.#messages = { version, drafts, me: this.me, list };
    return list;
  }

  #greet(hello: Hello): void {
    const { cursor, log: before } = this.timeline;
    // What another member saw, before a change of login, is not for this one.
    const another = this.cache.you !== null && this.cache.you !== hello.you.id;
    this.#identify(hello.you.id);
    if (another) {
      this.me = null;
      this.#startOver();
      return;
    }
    // A read mark of another log is not valid for this one.
    const same = !hello.reset && (before === null || before === hello.log);
    if (this.#newAfter === null || !same) this.#newAfter = hello.head;
    this.timeline.greet(hello);
    this.presence.greet(hello);
    const mark = this.presence.mark(hello.you.id);
    this.joined = { mark, head: hello.head };
    this.receipts.greet(mark, same ? hello.head : 0);
    this.me = hello.you;
    this.limits = hello.limits;
    this.outbox.dropAcknowledged();
    const far = same && cursor !== null && hello.head - cursor > FAR;
    this.resume.greet(hello, far ? () => this.#startOver() : () => this.#openOutbox(hello, before));
  }

  #openOutbox(hello: Hello, before: string | null): void {
    this.outbox.open(this.#options.transmitter, {
      you: hello.you.id,
      log: hello.log,
      before: hello.reset ? "" : before,
      bodyBytes: hello.limits.body_bytes,
    });
  }

  /** Drop what is held, and read the end of the log. */
  #startOver(): void {
    this.timeline.clear();
    this.#newAfter = null;
    this.#options.renew();
  }

  /** The log lost entries that are held, and kept its id: do as after a reset (R5), and read the end of the log. */
  #lost(hello: Hello): void {
    this.#greet({ ...hello, reset: true });
    this.#options.renew();
  }

  /** Set the member's id from the server: a login cookie may belong to another member than the last one. */
  #identify(you: string): void {
    const { onMember } = this.#options;
    this.cache.you = you;
    // A token names its member, and everything is kept under that name.
    if (this.#member !== null && onMember === undefined) return;
    const member = keyOfId(you);
    const before = this.#member;
    if (before === member) return;
    this.setMember(member, you);
    void this.outbox.load();
    onMember?.(you, before);
  }

  #entry(entry: Entry): void {
    const { events, platform, renew } = this.#options;
    const taken = this.timeline.take(entry);
    if (this.resume.took(entry.seq, taken)) return;
    if (taken === "hole") {
      renew();
      return;
    }
    if (taken === "next") this.outbox.arrived(entry.seq);
    this.presence.wrote(entry.by.id, platform.now());
    if (entry.by.id === this.cache.you) this.outbox.seen(entry.id, entry.seq);
    if (taken === "next" && this.#newAfter !== null && entry.seq > this.#newAfter) {
      if (entry.kind === "event") events.emit("event", messageOf(entry));
      else {
        const message = this.timeline.message(entry.kind === "message" ? entry.seq : entry.target);
        if (message !== null) events.emit(entry.kind, messageOf(message));
      }
    }
    if (this.following) this.#trim();
    this.cache.touch();
  }

  /** Drop the oldest entries, in large steps: each one moves all that is left. */
  #trim(): void {
    const { cursor, first } = this.timeline;
    if (cursor !== null && first !== null && cursor - first > 2 * HELD) this.timeline.trim(HELD);
  }

  /** The server does not send a member's own mark back. */
  #marked(seq: number): void {
    if (this.me !== null) this.presence.read(this.me.id, seq);
    this.#options.onChange();
  }
}
