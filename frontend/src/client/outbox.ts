// What a member has written and the log does not hold yet: kept on the shelf, sent in order, one tab at a time.
import { Later } from "./later";
import type { Delete, Edit, Error as Refusal, Send } from "./protocol.gen";
import type { KeptDraft, RoomKey } from "./shelf";
import type { Channel, Lock, World } from "./world";

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
};

/** Sends one command; false where nothing can be sent now. The answer comes as an ack or an error with its id. */
export type Carry = (command: Send | Edit | Delete) => boolean;

/** The codes that ask for patience, not for another message (rules S6, S7). */
const PATIENCE: ReadonlySet<string> = new Set(["rate_limited", "overloaded", "unavailable"]);
const DEFAULT_RETRY_MS = 1000;
/** How often the sending tab looks for what a tab has written that died before it could say so. */
const LOOK_MS = 15_000;
/** Ids remembered as settled, so that a list read a moment earlier does not bring them back. */
const SETTLED_KEPT = 500;
const waiting: Progress = { is: "waiting" };

export class Outbox {
  #drafts: readonly Draft[] = [];
  #carry: Carry | null = null;
  #lock: Lock | null = null;
  #ours = false;
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
  readonly #channel: Channel;
  readonly #key: RoomKey;
  readonly #world: World;
  readonly #onChange: () => void;

  constructor(key: RoomKey, world: World, onChange: () => void) {
    this.#key = key;
    this.#world = world;
    this.#onChange = onChange;
    this.#channel = world.channel(this.#name, (message) => this.#heard(message));
  }

  /** In the order of writing; another array after every change. */
  get drafts(): readonly Draft[] {
    return this.#drafts;
  }

  has(id: string): boolean {
    return this.#drafts.some((draft) => draft.id === id);
  }

  /** Brings in what earlier visits and other tabs have left. */
  load(): Promise<void> {
    return this.#onShelf(async () => {
      const kept = await this.#world.shelf.drafts(this.#key);
      const there = new Set(kept.map(({ id }) => id));
      const mine = this.#drafts.filter(
        ({ id, progress }) => progress.is === "sent" || !this.#stored.has(id) || there.has(id),
      );
      const known = new Map(mine.map((draft) => [draft.id, draft]));
      for (const { id, command, at, refused } of kept) {
        if (this.#settled.has(id) || known.get(id)?.progress.is === "sent") continue;
        this.#stored.add(id);
        this.#ready.add(id);
        known.set(id, {
          type: "draft",
          id,
          command,
          at,
          progress: refused === null ? waiting : { is: "refused", ...refused },
        });
      }
      this.#become([...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
    });
  }

  /** Takes a command; it is on its way when it is on the shelf. */
  add(command: Send | Edit | Delete): void {
    const draft: Draft = {
      type: "draft",
      id: command.id,
      command,
      at: this.#world.now(),
      progress: waiting,
    };
    this.#become([...this.#drafts, draft]);
    this.#keep(draft);
  }

  /** Sends a refused draft again, with another body where one is given. */
  retry(id: string, body?: Send["body"]): void {
    const draft = this.#drafts.find((one) => one.id === id);
    if (draft?.progress.is !== "refused") return;
    const { command } = draft;
    const revised = body === undefined || command.type === "delete" ? command : { ...command, body };
    this.#keep(this.#replace({ ...draft, command: revised, progress: waiting }));
  }

  discard(id: string): void {
    if (id !== this.#inFlight) this.#settle(id);
  }

  /** The room is live: sends as soon as no other tab does. */
  open(carry: Carry): void {
    this.close();
    this.#carry = carry;
    const lock = this.#world.lock(this.#name);
    this.#lock = lock;
    const begin = async () => {
      await lock.held;
      await this.load();
      if (this.#lock !== lock) return;
      this.#ours = true;
      this.#pump();
      this.#look.at(LOOK_MS);
    };
    // Only giving up the wait rejects; a shelf that fails is told by `load` itself.
    begin().catch(() => undefined);
  }

  /** The room is not live any more: what was in flight is sent again later, under the same id. */
  close(): void {
    this.#lock?.release();
    this.#lock = null;
    this.#look.cancel();
    this.#ours = false;
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
    if (tell) this.#channel.post({ id, seq });
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

  get #name(): string {
    return `alcove:outbox:${JSON.stringify([this.#key.item, this.#key.member])}`;
  }

  /** One draft at a time: were a second one under way, a first one that must wait would be overtaken. */
  #pump(): void {
    if (!this.#ours || this.#carry === null || this.#inFlight !== null || this.#paused) return;
    for (const { id, command, progress } of this.#drafts) {
      if (progress.is !== "waiting") continue;
      if (!this.#ready.has(id)) return;
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
    this.#channel.post({ id });
  }

  #remove(id: string): void {
    this.#settled.add(id);
    this.#ready.delete(id);
    for (const old of this.#settled) {
      if (this.#settled.size <= SETTLED_KEPT) break;
      this.#settled.delete(old);
    }
    if (this.#inFlight === id) this.#inFlight = null;
    void this.#onShelf(async () => {
      if (this.#stored.delete(id)) await this.#world.shelf.removeDraft(this.#key, id);
    });
    this.#pump();
  }

  #keep(draft: Draft): void {
    const { id, command, at, progress } = draft;
    const refused = progress.is === "refused" ? { code: progress.code, message: progress.message } : null;
    void this.#onShelf(async () => {
      if (this.#settled.has(id)) return;
      await this.#world.shelf.putDraft({ ...this.#key, id, command, at, refused } satisfies KeptDraft);
      this.#stored.add(id);
    }).then(() => {
      // Also where the shelf failed: what cannot outlive the page can still be sent from it.
      this.#ready.add(id);
      this.#channel.post("changed");
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

  #heard(message: unknown): void {
    if (typeof message === "object" && message !== null && "id" in message) {
      const { id, seq } = message as { id: string; seq?: number };
      this.#stored.delete(id);
      if (seq !== undefined) this.acked(id, seq, false);
      else {
        this.#settled.add(id);
        if (this.has(id)) this.#become(this.#drafts.filter((draft) => draft.id !== id));
      }
    } else void this.load().then(() => this.#pump());
  }

  /** A shelf that fails keeps nothing beyond the page, and must not keep from sending either. */
  #onShelf(work: () => Promise<void>): Promise<void> {
    this.#shelfWork = this.#shelfWork.then(work).catch(() => undefined);
    return this.#shelfWork;
  }
}
