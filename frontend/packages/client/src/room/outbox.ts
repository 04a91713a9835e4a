// What a member has written and the log does not hold yet: stored, sent in order, by one tab at a time.

import { Later } from "../lib/timer";
import { Leadership } from "../platform/leadership";
import type { Channel, World } from "../platform/platform";
import type { Delete, Edit, Error as Refusal, Send } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import { DraftStore } from "./draftStore";
import { type Draft, LOG_RESET, waiting } from "./drafts";

/** Sends one command; false where nothing can be sent now. The answer comes as an ack or an error with its id. */
export type Carry = (command: Send | Edit | Delete) => boolean;

/** Whom the server greeted, on which log; `before`: the log that this tab held until then, "" after a reset (R5). */
export type Greeted = { readonly you: string; readonly log: string; readonly before: string | null };

/** The codes that ask for patience, not for another message (rules S6, S7). */
const PATIENCE: ReadonlySet<string> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "unauthenticated",
]);
const DEFAULT_RETRY_MS = 1000;
/** How often the sending tab looks for what a tab has written that died before it could say so. */
const LOOK_MS = 15_000;
export class Outbox {
  #drafts: readonly Draft[] = [];
  #carry: Carry | null = null;
  #greeted: Greeted | null = null;
  #channel: Channel | null = null;
  #leadership: Leadership | null = null;
  #inFlight: string | null = null;
  #paused = false;
  readonly #pause = new Later(() => {
    this.#paused = false;
    this.#pump();
  });
  readonly #look = new Later(() => {
    this.#look.within(LOOK_MS);
    void this.load().then(() => this.#pump());
  });
  /** Drafts that may be sent. */
  readonly #ready = new Set<string>();
  readonly #store: DraftStore;
  readonly #world: World;
  readonly #onChange: () => void;

  /** `key` null: whose words these are is not known before the first greeting; until then they live in memory. */
  constructor(key: RoomKey | null, world: World, onChange: () => void) {
    this.#store = new DraftStore(key, world);
    this.#world = world;
    this.#onChange = onChange;
  }

  /** In the order of writing; another array after every change. */
  get drafts(): readonly Draft[] {
    return this.#drafts;
  }

  has(id: string): boolean {
    return this.#drafts.some((draft) => draft.id === id);
  }

  /** A new id that sorts behind all that this browser has written, whatever its clock says. */
  newId(): string {
    return this.#store.newId(this.#world.now(), this.#drafts.at(-1)?.id ?? "");
  }

  /**
   * The server told who this is. What another member wrote stays where it is, unsent; what was written before anybody
   * was known becomes this member's.
   */
  identify(key: RoomKey, you: string): void {
    const unowned = this.#store.key === null ? this.#drafts.map((draft) => ({ ...draft, you })) : [];
    const running = this.#channel !== null;
    this.detach();
    this.#store.identify(key);
    this.#ready.clear();
    this.#become(unowned);
    if (running) this.attach();
    if (this.#carry !== null) this.#campaign();
    for (const draft of unowned) this.#keep(draft);
  }

  /** The member has signed out: what waits is not sent any more, and nothing is stored. */
  forget(): void {
    this.close();
    this.detach();
    this.#store.identify(null);
    this.#become([]);
  }

  /** Brings in what earlier visits and other tabs have left. */
  async load(): Promise<void> {
    const merged = await this.#store.load(() => this.#drafts);
    if (merged === null) return;
    for (const { id } of merged.stored) this.#ready.add(id);
    this.#become(merged.drafts);
    // Another tab may have written them for the log that was there before.
    if (this.#carry !== null && this.#greeted !== null)
      this.#refuseChangesOfAnotherLog({ ...this.#greeted, before: null });
  }

  /** Takes a command for the messages of `log`; it may be sent once it is stored. */
  add(command: Send | Edit | Delete, log: string | null = null): void {
    const draft: Draft = {
      type: "draft",
      id: command.id,
      command,
      at: this.#world.now(),
      progress: waiting,
      you: this.#greeted?.you ?? null,
      log,
    };
    this.#become([...this.#drafts, draft]);
    this.#keep(draft);
  }

  /** Sends a refused draft again, with another body where one is given. */
  retry(id: string, body?: Send["body"]): void {
    const draft = this.#drafts.find((one) => one.id === id);
    if (draft?.progress.is !== "refused" || draft.progress.code === LOG_RESET) return;
    const { command } = draft;
    const revised = body === undefined || command.type === "delete" ? command : { ...command, body };
    this.#keep(this.#replace({ ...draft, command: revised, progress: waiting }));
  }

  discard(id: string): void {
    if (id !== this.#inFlight) this.#settle(id);
  }

  /** Hears the other tabs. */
  attach(): void {
    const { key } = this.#store;
    if (key === null || this.#channel !== null) return;
    const name = `alcove:outbox:${JSON.stringify([key.server, key.item, key.member])}`;
    this.#channel = this.#world.channel(name, (message) => this.#heard(message));
    this.#leadership = new Leadership({
      name,
      world: this.#world,
      onLead: () => {
        this.#look.at(LOOK_MS);
        void this.load().then(() => this.#pump());
      },
      ask: () => this.#post("changed"),
    });
  }

  /** Hears the other tabs no more. */
  detach(): void {
    this.#leadership?.resign();
    this.#leadership = null;
    this.#channel?.close();
    this.#channel = null;
    this.#inFlight = null;
  }

  /** The room is live: sends as soon as no other tab does. */
  open(carry: Carry, greeted: Greeted): void {
    this.close();
    this.#greeted = greeted;
    this.#carry = carry;
    // What another member wrote under the same key waits for that member.
    this.#become(this.#drafts.filter(({ you }) => you === null || you === greeted.you));
    this.#refuseChangesOfAnotherLog(greeted);
    this.attach();
    this.#campaign();
  }

  /** The room is not live any more: what was in flight is sent again later, under the same id. */
  close(): void {
    this.#leadership?.resign();
    this.#look.cancel();
    this.#carry = null;
    this.#inFlight = null;
    this.#pause.cancel();
    this.#paused = false;
  }

  /** The draft is durable at `seq` (rule S3); it stays in sight until its entry is there. */
  acked(id: string, seq: number, tell = true): void {
    const draft = this.#drafts.find((one) => one.id === id);
    if (draft !== undefined) this.#replace({ ...draft, progress: { is: "sent", seq } });
    this.#remove(id);
    if (tell) this.#post({ id, seq });
  }

  /** The draft's entry is in the timeline. */
  seen(id: string): void {
    if (this.has(id)) this.#settle(id);
  }

  /** The room begins anew: entries of drafts that are durable come with it, or with its older pages. */
  landed(): void {
    this.#become(this.#drafts.filter(({ progress }) => progress.is !== "sent"));
  }

  /** The server refused a draft: for now, and it waits with all behind it, or for good, and it stays with its reason. */
  refused({ id, code, message, retry_ms }: Refusal): void {
    const draft = this.#drafts.find((one) => one.id === id);
    if (draft === undefined || draft.progress.is !== "waiting") return;
    if (retry_ms !== undefined || PATIENCE.has(code)) {
      if (draft.id === this.#inFlight) this.#wait(retry_ms ?? DEFAULT_RETRY_MS);
      return;
    }
    if (draft.id === this.#inFlight) this.#inFlight = null;
    this.#keep(this.#replace({ ...draft, progress: { is: "refused", code, message } }));
  }

  #campaign(): void {
    if (this.#leadership === null) return;
    this.#leadership.campaign();
    this.#pump();
  }

  /** Edits and deletes name a message by its number, which is another message's in another log. */
  #refuseChangesOfAnotherLog({ log, before }: Greeted): void {
    for (const draft of this.#drafts) {
      if (draft.command.type === "send" || draft.progress.is !== "waiting") continue;
      // A log that lost its end may keep its id, and gives the numbers again.
      if (before !== "" && (draft.log ?? before ?? log) === log) continue;
      const message = "the log of this room was replaced";
      this.#keep(this.#replace({ ...draft, progress: { is: "refused", code: LOG_RESET, message } }));
    }
  }

  /** One draft at a time: were a second one under way, a first one that must wait would be overtaken. */
  #pump(): void {
    if (this.#carry === null || this.#inFlight !== null || this.#paused) return;
    const leading = this.#leadership?.leading ?? false;
    for (const { id, command, progress, you } of this.#drafts) {
      if (progress.is !== "waiting" || (you !== null && you !== this.#greeted?.you)) continue;
      if (!this.#ready.has(id)) return;
      if (!leading) {
        this.#leadership?.wait();
        return;
      }
      this.#inFlight = id;
      if (this.#carry(command)) return;
      // It cannot go this way (by HTTP an edit cannot), which is no reason to hold up what can.
      this.#inFlight = null;
    }
  }

  #wait(ms: number): void {
    this.#inFlight = null;
    this.#paused = true;
    this.#pause.at(ms);
  }

  #settle(id: string): void {
    this.#become(this.#drafts.filter((draft) => draft.id !== id));
    this.#remove(id);
    this.#post({ id });
  }

  #remove(id: string): void {
    this.#ready.delete(id);
    if (this.#inFlight === id) this.#inFlight = null;
    this.#store.remove(id);
    this.#pump();
  }

  #keep(draft: Draft): void {
    void this.#store.keep(draft).then((current) => {
      if (!current || !this.has(draft.id)) return;
      // Also where storage failed: what cannot outlive the page can still be sent from it.
      this.#ready.add(draft.id);
      this.#post("changed");
      this.#pump();
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

  #post(message: unknown): void {
    this.#channel?.post(message);
  }

  #heard(message: unknown): void {
    if (message === "changed") {
      if (this.#leadership?.leading === true) this.#post({ leading: this.#leadership.locked });
      void this.load().then(() => this.#pump());
      return;
    }
    if (typeof message !== "object" || message === null) return;
    if ("leading" in message) {
      this.#leadership?.heard(message.leading === true);
      return;
    }
    if (!("id" in message)) return;
    const { id, seq } = message as { id: string; seq?: number };
    this.#store.removedElsewhere(id);
    if (seq !== undefined) this.acked(id, seq, false);
    else if (this.has(id)) this.#become(this.#drafts.filter((draft) => draft.id !== id));
  }
}
