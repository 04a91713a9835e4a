// What a member has written and the log does not hold yet: stored, sent in order, by one tab at a time.
import { Journal } from "./journal";
import { Later } from "./later";
import { Leadership } from "./leadership";
import type { Delete, Edit, Error as Refusal, Send } from "./protocol.gen";
import type { KeptDraft, RoomKey } from "./shelf";
import type { Channel, World } from "./world";

/** Where a draft is on its way: `sent` is durable, and only its entry has not come back yet. */
export type Progress =
  | { readonly is: "waiting" }
  | { readonly is: "sent"; readonly seq: number }
  | { readonly is: "refused"; readonly code: string; readonly message: string };

export type Draft = {
  readonly type: "draft";
  readonly id: string;
  readonly command: Send | Edit | Delete;
  readonly at: number;
  readonly progress: Progress;
  /** The author's id, and the log that the draft was written for; null where the server had not told yet. */
  readonly you: string | null;
  readonly log: string | null;
};

/** Sends one command; false where nothing can be sent now. The answer comes as an ack or an error with its id. */
export type Carry = (command: Send | Edit | Delete) => boolean;

/** Whom the server greeted, on which log; `before`: the log that this tab held until then, "" after a reset (R5). */
export type Greeted = { readonly you: string; readonly log: string; readonly before: string | null };

/** The code of a change whose message is gone with the log it was in: it must not reach another one of its number. */
export const LOG_RESET = "log_reset";

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
/** Ids remembered as settled, so that a list read a moment earlier does not bring them back. */
const SETTLED_KEPT = 500;
const waiting: Progress = { is: "waiting" };

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
  /** Work on the shelf, one after the other, so that what is read is never older than what was written. */
  #shelfWork: Promise<void> = Promise.resolve();
  /** Drafts on the shelf, and drafts that may be sent. */
  readonly #stored = new Set<string>();
  readonly #ready = new Set<string>();
  readonly #settled = new Set<string>();
  #key: RoomKey | null;
  readonly #journal: Journal;
  readonly #world: World;
  readonly #onChange: () => void;

  /** `key` null: whose words these are is not known before the first greeting; until then they live in memory. */
  constructor(key: RoomKey | null, world: World, onChange: () => void) {
    this.#key = key;
    this.#world = world;
    this.#journal = new Journal(world.notes);
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
    return this.#journal.newId(this.#world.now(), this.#drafts.at(-1)?.id ?? "");
  }

  /**
   * The server told who this is. What another member wrote stays where it is, unsent; what was written before anybody
   * was known becomes this member's.
   */
  identify(key: RoomKey, you: string): void {
    const unowned = this.#key === null ? this.#drafts.map((draft) => ({ ...draft, you })) : [];
    const running = this.#channel !== null;
    this.detach();
    this.#key = key;
    this.#stored.clear();
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
    this.#key = null;
    this.#become([]);
  }

  /** Brings in what earlier visits and other tabs have left. */
  load(): Promise<void> {
    return this.#onShelf(async () => {
      const key = this.#key;
      if (key === null) return;
      const stored = await this.#world.shelf.drafts(key);
      if (key !== this.#key) return;
      const there = new Set(stored.map(({ id }) => id));
      const noted = this.#journal.drafts(key).filter(({ id }) => !there.has(id));
      const kept = [...stored, ...noted];
      for (const { id } of kept) there.add(id);
      const mine = this.#drafts.filter(
        ({ id, progress }) => progress.is === "sent" || !this.#stored.has(id) || there.has(id),
      );
      const known = new Map(mine.map((draft) => [draft.id, draft]));
      for (const one of kept) {
        const { id } = one;
        if (this.#settled.has(id) || known.get(id)?.progress.is === "sent") continue;
        this.#stored.add(id);
        this.#ready.add(id);
        known.set(id, draftOf(one));
      }
      this.#become([...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
      // Another tab may have written them for the log that was there before.
      if (this.#carry !== null && this.#greeted !== null)
        this.#refuseChangesOfAnotherLog({ ...this.#greeted, before: null });
    });
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
    if (this.#key === null || this.#channel !== null) return;
    const name = `alcove:outbox:${JSON.stringify([this.#key.server, this.#key.item, this.#key.member])}`;
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
    this.#settled.add(id);
    this.#ready.delete(id);
    for (const old of this.#settled) {
      if (this.#settled.size <= SETTLED_KEPT) break;
      this.#settled.delete(old);
    }
    if (this.#inFlight === id) this.#inFlight = null;
    const key = this.#key;
    if (key !== null) {
      this.#journal.remove(key, id);
      void this.#onShelf(async () => {
        if (this.#stored.delete(id)) await this.#world.shelf.removeDraft(key, id);
      });
    }
    this.#pump();
  }

  #keep(draft: Draft): void {
    const key = this.#key;
    const kept = key === null ? null : keptOf(key, draft);
    // Storage takes a moment, in which the page may be gone; a note is kept at once.
    if (kept !== null) this.#journal.add(kept);
    void this.#onShelf(async () => {
      if (kept === null || this.#settled.has(draft.id)) return;
      await this.#world.shelf.putDraft(kept);
      if (this.#world.shelf.durable) this.#journal.remove(kept, draft.id);
      if (key === this.#key) this.#stored.add(draft.id);
    }).then(() => {
      if (key !== this.#key || !this.has(draft.id)) return;
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
    this.#stored.delete(id);
    if (seq !== undefined) this.acked(id, seq, false);
    else {
      this.#settled.add(id);
      if (this.has(id)) this.#become(this.#drafts.filter((draft) => draft.id !== id));
    }
  }

  /** A shelf that fails keeps nothing beyond the page, and must not keep from sending either. */
  #onShelf(work: () => Promise<void>): Promise<void> {
    this.#shelfWork = this.#shelfWork.then(work).catch(() => undefined);
    return this.#shelfWork;
  }
}

function keptOf(key: RoomKey, { id, command, at, progress, you, log }: Draft): KeptDraft {
  const refused = progress.is === "refused" ? { code: progress.code, message: progress.message } : null;
  return { ...key, id, command, at, you, log, refused };
}

function draftOf({ id, command, at, you, log, refused }: KeptDraft): Draft {
  const progress: Progress = refused === null ? waiting : { is: "refused", ...refused };
  return { type: "draft", id, command, at, progress, you, log };
}
