// The part of a room's log that this tab holds: consecutive entries, with edits and deletes applied to their messages.
import type { DeleteEntry, EditEntry, Entry, EventEntry, Gap, MessageEntry } from "../protocol/wire.gen";

/** A page of history (rule W1): the entries before `before`. */
export type Page = {
  readonly log: string;
  readonly before: number;
  readonly oldest: number;
  readonly entries: readonly Entry[];
};

/** An entry that is shown by itself: a message, or an event of the application (rule S14). */
export type ShownEntry = MessageEntry | EventEntry;

/** How an entry fits: it is the next one, it is known, entries are missing before it, or another one has its seq. */
export type Taken = "next" | "known" | "hole" | "other";

/** The content of a timeline, as it is stored between visits. */
export type Snapshot = {
  readonly log: string;
  readonly oldest: number;
  readonly entries: readonly Entry[];
};

export class Timeline {
  /** `seq` of `#entries[i]` is `#entries[0].seq + i`: no holes, no repeats. */
  #entries: Entry[] = [];
  #messages: ShownEntry[] = [];
  /** The seq that comes next; null while any may be the first. */
  #next: number | null = null;
  #log: string | null = null;
  #oldest = 1;
  #gap: Gap | null = null;
  #resets = 0;
  #version = 0;
  /** Edits and deletes whose target is in a page that is not loaded yet. */
  #early = new Map<number, { edit?: EditEntry; delete?: DeleteEntry }>();

  get log(): string | null {
    return this.#log;
  }

  /** The last seq that this tab has; null before any. */
  get cursor(): number | null {
    return this.#next === null ? null : this.#next - 1;
  }

  get first(): number | null {
    return this.#entries[0]?.seq ?? null;
  }

  /** Whether the server keeps nothing older. */
  get complete(): boolean {
    return (this.first ?? this.#next ?? this.#oldest) <= this.#oldest;
  }

  /** What retention removed before this tab saw it (rule R4), or null. */
  get gap(): Gap | null {
    return this.#gap;
  }

  /** How often the log was replaced (rule R5). */
  get resets(): number {
    return this.#resets;
  }

  /** The messages and events held, ascending; each the same object until it is edited or deleted. */
  get messages(): readonly ShownEntry[] {
    return this.#messages;
  }

  /** Grows with every change of the messages. */
  get version(): number {
    return this.#version;
  }

  message(seq: number): MessageEntry | null {
    const entry = this.#at(seq);
    return entry?.kind === "message" ? entry : null;
  }

  snapshot(limit: number): Snapshot | null {
    if (this.#log === null || this.#entries.length === 0) return null;
    return { log: this.#log, oldest: this.#oldest, entries: this.#entries.slice(-limit) };
  }

  /** Begin with what an earlier visit has stored. */
  restore({ log, oldest, entries }: Snapshot): void {
    this.#version += 1;
    this.clear();
    this.#log = log;
    this.#oldest = oldest;
    for (const entry of entries) this.take(entry);
  }

  /** Take the greeting: which log this is, where it begins, and whether what is held still counts (R5). */
  greet(hello: { log: string; head: number; oldest: number; reset: boolean }): void {
    if (hello.reset || (this.#log !== null && this.#log !== hello.log)) {
      if (this.#log !== null) this.#resets += 1;
      this.clear();
    }
    this.#log = hello.log;
    if (this.#next === null && hello.head === 0) this.#next = 1;
    this.#forgetBefore(hello.oldest);
  }

  /** Take an entry of the live stream. A known one may have a newer state. */
  take(entry: Entry): Taken {
    this.#version += 1;
    const next = this.#next ?? entry.seq;
    if (entry.seq > next) return "hole";
    if (entry.seq < next) {
      const known = this.#at(entry.seq);
      if (known !== undefined && !isSame(known, entry)) return "other";
      this.#renew(entry);
      return "known";
    }
    this.#entries.push(entry);
    this.#next = next + 1;
    if (isShown(entry)) this.#messages.push(entry);
    else this.#fold(entry);
    return "next";
  }

  /** Move the cursor behind entries that the server removed (rule R4), and drop all entries before them. */
  skip(gap: Gap): void {
    this.#gap = this.#gap === null ? gap : { ...gap, from: this.#gap.from };
    this.#next = Math.max(this.#next ?? 0, gap.to + 1);
    this.#forgetBefore(gap.to + 1);
  }

  /** Add a page of older entries; false, and nothing added, where it does not end right before what is held. */
  prepend(page: Page): boolean {
    this.#version += 1;
    const first = this.first;
    if (first === null || page.log !== this.#log || page.before !== first) return false;
    let from = page.entries.length;
    while (from > 0 && page.entries[from - 1]?.seq === first - (page.entries.length - from) - 1) from -= 1;
    const older = page.entries.slice(from).map((entry) => this.#caughtUp(entry));
    this.#entries = [...older, ...this.#entries];
    this.#messages = [...older.filter(isShown), ...this.#messages];
    for (const { seq } of older) this.#early.delete(seq);
    this.#oldest = Math.max(this.#oldest, page.oldest);
    // An empty page before the beginning of the log would be loaded again and again.
    if (older.length === 0) this.#oldest = first;
    return true;
  }

  /** Drop all but the last `keep` entries; older ones can be loaded again. */
  trim(keep: number): void {
    this.#version += 1;
    const surplus = this.#entries.length - keep;
    if (surplus <= 0) return;
    this.#entries.splice(0, surplus);
    const first = this.first ?? 0;
    this.#messages.splice(0, this.#messages.filter(({ seq }) => seq < first).length);
    // Every page from now on is loaded after these edits, so the server has applied them.
    this.#early.clear();
  }

  /** Drop everything but the id of the log. */
  clear(): void {
    this.#version += 1;
    this.#entries = [];
    this.#messages = [];
    this.#next = null;
    this.#oldest = 1;
    this.#gap = null;
    this.#early.clear();
  }

  #at(seq: number): Entry | undefined {
    return this.#entries[seq - (this.first ?? 0)];
  }

  #put(entry: Entry): void {
    this.#entries[entry.seq - (this.first ?? 0)] = entry;
    if (!isShown(entry)) return;
    const place = this.#placeOf(entry.seq);
    if (place !== null) this.#messages[place] = entry;
  }

  /** Return the index of a message, by binary search. */
  #placeOf(seq: number): number | null {
    let low = 0;
    let high = this.#messages.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#messages[middle]?.seq ?? 0;
      if (found === seq) return middle;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  #forgetBefore(oldest: number): void {
    this.#version += 1;
    this.#oldest = Math.max(this.#oldest, oldest);
    const gone = this.#entries.filter(({ seq }) => seq < this.#oldest).length;
    if (gone === 0) return;
    this.#entries.splice(0, gone);
    this.#messages = this.#messages.filter(({ seq }) => seq >= this.#oldest);
  }

  #fold(change: EditEntry | DeleteEntry): void {
    const target = this.message(change.target);
    if (target !== null) this.#put(change.kind === "edit" ? edited(target, change) : deleted(target, change));
    else this.#early.set(change.target, { ...this.#early.get(change.target), [change.kind]: change });
    if (change.kind === "delete") this.#strip(change.target);
  }

  /** Remove the bodies from the edits of a deleted message (rule S9). */
  #strip(target: number): void {
    for (const entry of this.#entries)
      if (entry.kind === "edit" && entry.target === target && entry.body !== undefined)
        this.#put(bodiless(entry));
  }

  /** Return an entry of an older page with the changes that came since the page was requested. */
  #caughtUp(entry: Entry): Entry {
    if (entry.kind === "delete" || entry.kind === "event") return entry;
    const early = this.#early.get(entry.kind === "edit" ? entry.target : entry.seq);
    if (early === undefined) return entry;
    if (entry.kind === "edit") return early.delete === undefined ? entry : bodiless(entry);
    const now = early.edit === undefined ? entry : edited(entry, early.edit);
    return early.delete === undefined ? now : deleted(now, early.delete);
  }

  #renew(entry: Entry): void {
    const known = this.#at(entry.seq);
    if (known?.kind !== "message" || entry.kind !== "message" || known.deleted !== undefined) return;
    if (entry.deleted !== undefined || (entry.edited ?? 0) > (known.edited ?? 0)) this.#put(entry);
  }
}

/** Whether two entries are states of one: an entry that was lost may have been sent again, at another time. */
function isSame(one: Entry, other: Entry): boolean {
  return one.id === other.id && one.by.id === other.by.id && one.at === other.at;
}

function isShown(entry: Entry): entry is ShownEntry {
  return entry.kind === "message" || entry.kind === "event";
}

/** Return the message after an edit; one that is deleted, or has a later edit, stays as it is. */
function edited(message: MessageEntry, edit: EditEntry): MessageEntry {
  if (message.deleted !== undefined || (message.edited ?? 0) > edit.at || edit.body === undefined)
    return message;
  return { ...message, body: edit.body, edited: edit.at };
}

function deleted(message: MessageEntry, { at }: DeleteEntry): MessageEntry {
  if (message.deleted !== undefined) return message;
  const { body: _, edited: __, ...rest } = message;
  return { ...rest, deleted: at };
}

function bodiless(edit: EditEntry): EditEntry {
  const { body: _, ...rest } = edit;
  return rest;
}
