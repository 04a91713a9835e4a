// The member's drafts that are not in the log yet: stored, and sent in order by one tab at a time.
import { CommandError } from "../connection/pending";
import { Timer } from "../lib/timer";
import type { Platform } from "../platform/platform";
import type { Send } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import { DraftStore } from "./draftStore";
import { type Command, type Draft, LOG_RESET, type Progress, waiting } from "./drafts";
import { type Outcome, Outcomes } from "./outcomes";
import { Sender, type Transmitter } from "./sender";
import { OutboxTabs } from "./tabs";
import { type HeldMessages, NONE_HELD, namesItsTarget, targetIdOf, waitsForTarget } from "./targets";

/**
 * Whom the server greeted, on which log; `before`: the log that this tab held until then, "" after a reset (R5);
 * `bodyBytes`: how large a body may be (L1).
 */
export type Greeted = {
  readonly you: string;
  readonly log: string;
  readonly before: string | null;
  readonly bodyBytes: number;
};

/** How often the sending tab reads storage for drafts of a tab that died before it could announce them, in ms. */
const READ_STORAGE_MS = 15_000;

export class Outbox {
  #drafts: readonly Draft[] = [];
  #greeted: Greeted | null = null;
  #tabs: OutboxTabs | null = null;
  readonly #read = new Timer(() => {
    this.#read.within(READ_STORAGE_MS);
    void this.load().then(() => this.#sender.next());
  });
  /** Drafts that are stored, so that they may be sent. */
  readonly #ready = new Set<string>();
  readonly #outcomes = new Outcomes();
  readonly #sender = new Sender({
    queue: () => this.#waiting(),
    now: () => this.#platform.now(),
    isReady: ({ id }) => this.#ready.has(id) && this.#mayLead(),
    onAcked: (id, seq) => this.acked(id, seq),
    onRefused: (id, error) => {
      const draft = this.find(id);
      if (draft?.progress.is === "waiting") this.#refuse(draft, error);
    },
  });
  readonly #store: DraftStore;
  readonly #platform: Platform;
  readonly #onChange: () => void;
  readonly #held: HeldMessages;

  /** `key` null: the author is not known before the first greeting; until then drafts live in memory. */
  constructor(key: RoomKey | null, platform: Platform, onChange: () => void, held: HeldMessages = NONE_HELD) {
    this.#held = held;
    this.#store = new DraftStore(key, platform);
    this.#platform = platform;
    this.#onChange = onChange;
  }

  /** In the order of writing; another array after every change. */
  get drafts(): readonly Draft[] {
    return this.#drafts;
  }

  /** How many drafts wait to be sent; those that can still be taken back are not counted. */
  get count(): number {
    const now = this.#platform.now();
    return this.#drafts.filter(
      ({ progress, notBefore }) => progress.is === "waiting" && (notBefore ?? 0) <= now,
    ).length;
  }

  find(id: string): Draft | undefined {
    return this.#drafts.find((draft) => draft.id === id);
  }

  /** Return a new id that sorts behind all ids that this browser has created, independent of its clock. */
  newId(): string {
    return this.#store.newId(this.#platform.now(), this.#drafts.at(-1)?.id ?? "");
  }

  /**
   * Set the member, once the server has sent it. Drafts of another member stay in storage, unsent; drafts that were
   * written before the member was known become theirs.
   */
  identify(key: RoomKey, you: string | null): void {
    const unowned = this.#store.key === null ? this.#drafts.map((draft) => ({ ...draft, you })) : [];
    const running = this.#tabs !== null;
    this.detach();
    this.#store.identify(key);
    this.#ready.clear();
    this.#become(unowned);
    if (running) this.attach();
    if (this.#sender.open) this.#campaign();
    for (const draft of unowned) this.#keep(draft);
  }

  /** Drop all drafts: the member has signed out. */
  forget(): void {
    this.close();
    this.detach();
    this.#store.identify(null);
    this.#become([]);
    this.#outcomes.abandon("signed_out", "the member signed out");
  }

  /** Reject the outcomes that will not be known any more. */
  abandon(): void {
    this.#outcomes.abandon("closed", "the client was closed; the draft stays in storage");
  }

  /** Read the drafts that earlier visits and other tabs have stored. */
  async load(): Promise<void> {
    const merged = await this.#store.load(() => this.#drafts);
    if (merged === null) return;
    for (const { id } of merged.stored) this.#ready.add(id);
    this.#become(merged.drafts);
    this.#checkChanges();
  }

  /** The entry at `seq` has arrived: send the changes that waited for it. */
  arrived(seq: number): void {
    if (!this.#drafts.some(({ command }) => command.type !== "send" && command.target === seq)) return;
    this.#checkChanges();
    this.#sender.next();
  }

  /** Take a command for the messages of `log`; it is sent once it is stored, and not within `afterMs`. */
  add(command: Command, log: string | null, outcome?: Outcome, afterMs = 0): void {
    const at = this.#platform.now();
    const draft: Draft = {
      type: "draft",
      id: command.id,
      command,
      at,
      notBefore: afterMs > 0 ? at + afterMs : null,
      progress: waiting,
      you: this.#greeted?.you ?? null,
      log,
      targetId: targetIdOf(command, this.#drafts, this.#held),
    };
    if (outcome !== undefined) this.#outcomes.add(draft.id, outcome);
    this.#become([...this.#drafts, draft]);
    this.#keep(draft);
  }

  /** Send a refused draft again, with another body where one is given. */
  retry(id: string, body?: Send["body"]): void {
    const draft = this.find(id);
    if (draft?.progress.is !== "refused" || draft.progress.code === LOG_RESET) return;
    const { command } = draft;
    const revised = body === undefined || command.type === "delete" ? command : { ...command, body };
    this.#keep(this.#replace({ ...draft, command: revised, progress: waiting }));
  }

  /** Remove a draft that is not being sent. */
  discard(id: string): void {
    if (id === this.#sender.inFlight || this.find(id) === undefined) return;
    this.#drop(id);
    this.#remove(id);
    this.#tabs?.post({ id });
    this.#outcomes.reject(id, new CommandError("discarded", "the draft was discarded"));
  }

  /** Listen to the other tabs. */
  attach(): void {
    const { key } = this.#store;
    if (key === null || this.#tabs !== null) return;
    this.#tabs = new OutboxTabs({
      name: `alcove:outbox:${JSON.stringify([key.server, key.item, key.member])}`,
      platform: this.#platform,
      onLead: () => {
        this.#read.at(READ_STORAGE_MS);
        void this.load().then(() => this.#sender.next());
      },
      onChanged: () => void this.load().then(() => this.#sender.next()),
      onSettled: (id, seq) => {
        this.#store.removedElsewhere(id);
        if (seq !== null) this.acked(id, seq, false);
        else this.#drop(id);
      },
    });
  }

  /** Stop listening to the other tabs. */
  detach(): void {
    this.#tabs?.close();
    this.#tabs = null;
    this.#sender.release();
  }

  /** The room is live: send if no other tab does. */
  open(transmitter: Transmitter, greeted: Greeted): void {
    this.close();
    this.#greeted = greeted;
    this.#sender.start(transmitter, greeted.bodyBytes);
    // What another member wrote under the same key waits for that member.
    this.#become(this.#drafts.filter(({ you }) => you === null || you === greeted.you));
    this.#refuseChangesOfAnotherLog(greeted);
    this.attach();
    this.#campaign();
  }

  /** The room is not live any more: what was in flight is sent again later, under the same id. */
  close(): void {
    this.#tabs?.resign();
    this.#read.cancel();
    this.#sender.stop();
  }

  /** Mark a draft as durable at `seq` (rule S3); it stays visible until its entry is there. */
  acked(id: string, seq: number, tell = true): void {
    const draft = this.find(id);
    if (draft !== undefined) this.#replace({ ...draft, progress: { is: "sent", seq } });
    if (draft !== undefined) this.#outcomes.resolve(draft, seq);
    this.#remove(id);
    if (tell) this.#tabs?.post({ id, seq });
  }

  /** Drop a draft whose entry is in the timeline at `seq`. */
  seen(id: string, seq: number): void {
    const draft = this.find(id);
    if (draft === undefined) return;
    // The entry may come before the ack.
    if (draft.progress.is !== "sent") this.acked(id, seq);
    this.#drop(id);
  }

  /** Drop durable drafts: the room begins again, and their entries come with it or with its older pages. */
  dropAcknowledged(): void {
    this.#become(this.#drafts.filter(({ progress }) => progress.is !== "sent"));
  }

  #campaign(): void {
    this.#tabs?.campaign();
    this.#sender.next();
  }

  /** Refuse changes that another tab wrote for the log, or the messages, that were there before. */
  #checkChanges(): void {
    if (this.#sender.open && this.#greeted !== null)
      this.#refuseChangesOfAnotherLog({ ...this.#greeted, before: null });
  }

  /** Refuse edits and deletes of another log: they name a message by its number, which is another message's here. */
  #refuseChangesOfAnotherLog({ log, before }: Greeted): void {
    for (const draft of this.#drafts) {
      if (draft.command.type === "send" || draft.progress.is !== "waiting") continue;
      // A log that lost its last entries may keep its id, and assigns their numbers again.
      const isOfThisLog = before !== "" && (draft.log ?? before ?? log) === log;
      if (isOfThisLog && namesItsTarget(draft, this.#held)) continue;
      this.#refuse(draft, new CommandError(LOG_RESET, "the log of this room was replaced"));
    }
  }

  /** The drafts that wait to be sent in this member's name, in order. */
  *#waiting(): Iterable<Draft> {
    for (const draft of this.#drafts) {
      const isOwn = draft.you === null || draft.you === this.#greeted?.you;
      if (isOwn && draft.progress.is === "waiting" && !waitsForTarget(draft, this.#held)) yield draft;
    }
  }

  /** Whether this tab sends; if another one does but does not answer, this one takes over. */
  #mayLead(): boolean {
    if (this.#tabs?.leading === true) return true;
    this.#tabs?.wait();
    return false;
  }

  #refuse(draft: Draft, error: CommandError): void {
    const progress: Progress = { is: "refused", code: error.code, message: error.message };
    this.#keep(this.#replace({ ...draft, progress }));
    this.#outcomes.reject(draft.id, error);
  }

  #drop(id: string): void {
    if (this.find(id) !== undefined) this.#become(this.#drafts.filter((draft) => draft.id !== id));
  }

  #remove(id: string): void {
    this.#ready.delete(id);
    this.#sender.release(id);
    this.#store.remove(id);
    this.#sender.next();
  }

  #keep(draft: Draft): void {
    void this.#store.keep(draft).then((current) => {
      if (!current || this.find(draft.id) === undefined) return;
      // Also where storage failed: what cannot outlive the page can still be sent from it.
      this.#ready.add(draft.id);
      this.#tabs?.post("changed");
      this.#sender.next();
    });
  }

  #replace(draft: Draft): Draft {
    this.#become(this.#drafts.map((one) => (one.id === draft.id ? draft : one)));
    return draft;
  }

  #become(drafts: readonly Draft[]): void {
    this.#drafts = drafts;
    this.#onChange();
  }
}
