// The part of a room's log that this tab holds: one run of entries without holes or repeats, edits and deletes folded in.
import type { DeleteEntry, EditEntry, Entry, Gap, MessageEntry } from "../protocol/wire.gen";

/** A page of history (rule W1) as it was asked for: everything before `before`. */
export type Page = {
  readonly log: string;
  readonly before: number;
  readonly oldest: number;
  readonly entries: readonly Entry[];
};

/** What became of an entry: it was next, it was known, or something is missing before it. */
export type Taken = "next" | "known" | "hole";

/** A timeline's whole content, as it is kept between visits. */
export type Snapshot = {
  readonly log: string;
  readonly oldest: number;
  readonly entries: readonly Entry[];
};

export class Timeline {
  /** `seq` of `#entries[i]` is `#entries[0].seq + i`: there is no place for a hole or a repeat. */
  #entries: Entry[] = [];
  #messages: MessageEntry[] = [];
  /** The seq that comes next; null while any may be the first. */
  #next: number | null = null;
  #log: string | null = null;
  #oldest = 1;
  #gap: Gap | null = null;
  #resets = 0;
  #version = 0;
  /** Edits and deletes whose target stands in a page that has not come yet. */
  #early = new Map<number, { edit?: EditEntry; delete?: DeleteEntry }>();

  get log(): string | null {
    return this.#log;
  }

  /** Up to where this tab has read the log, or null for a newcomer. */
  get cursor(): number | null {
    return this.#next === null ? null : this.#next - 1;
  }

  get first(): number | null {
    return this.#entries[0]?.seq ?? null;
  }

  /** Whether nothing older is kept anywhere. */
  get complete(): boolean {
    return (this.first ?? this.#next ?? this.#oldest) <= this.#oldest;
  }

  /** What retention took away before this tab saw it (rule R4), or null. */
  get gap(): Gap | null {
    return this.#gap;
  }

  /** How often the room turned out to be another one than before (rule R5). */
  get resets(): number {
    return this.#resets;
  }

  /** The messages held, ascending; each the same object until it is edited or deleted. */
  get messages(): readonly MessageEntry[] {
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

  /** Begins with what an earlier visit held. */
  restore({ log, oldest, entries }: Snapshot): void {
    this.#version += 1;
    this.clear();
    this.#log = log;
    this.#oldest = oldest;
    for (const entry of entries) this.take(entry);
  }

  /** The server's greeting: which log this is, where it begins, and whether what was held still counts (R5). */
  greet(hello: { log: string; head: number; oldest: number; reset: boolean }): void {
    if (hello.reset || (this.#log !== null && this.#log !== hello.log)) {
      if (this.#log !== null) this.#resets += 1;
      this.clear();
    }
    this.#log = hello.log;
    if (this.#next === null && hello.head === 0) this.#next = 1;
    this.#forgetBefore(hello.oldest);
  }

  /** An entry of the live stream. A known one may bring a newer state of itself. */
  take(entry: Entry): Taken {
    this.#version += 1;
    const next = this.#next ?? entry.seq;
    if (entry.seq > next) return "hole";
    if (entry.seq < next) {
      this.#renew(entry);
      return "known";
    }
    this.#entries.push(entry);
    this.#next = next + 1;
    if (entry.kind === "message") this.#messages.push(entry);
    else this.#fold(entry);
    return "next";
  }

  /** Entries are gone (rule R4): the cursor moves behind them, and what stood before them is gone too. */
  skip(gap: Gap): void {
    this.#gap = this.#gap === null ? gap : { ...gap, from: this.#gap.from };
    this.#next = Math.max(this.#next ?? 0, gap.to + 1);
    this.#forgetBefore(gap.to + 1);
  }

  /** A page of older entries; false, and nothing taken, where it does not end right before what is held. */
  prepend(page: Page): boolean {
    this.#version += 1;
    const first = this.first;
    if (first === null || page.log !== this.#log || page.before !== first) return false;
    let from = page.entries.length;
    while (from > 0 && page.entries[from - 1]?.seq === first - (page.entries.length - from) - 1) from -= 1;
    const older = page.entries.slice(from).map((entry) => this.#caughtUp(entry));
    this.#entries = [...older, ...this.#entries];
    this.#messages = [...older.filter((entry) => entry.kind === "message"), ...this.#messages];
    for (const { seq } of older) this.#early.delete(seq);
    this.#oldest = Math.max(this.#oldest, page.oldest);
    // A page that stops short of the beginning without a reason would be asked for again and again.
    if (older.length === 0) this.#oldest = first;
    return true;
  }

  /** Lets go of all but the last `keep` entries; older ones can be asked for again. */
  trim(keep: number): void {
    this.#version += 1;
    const surplus = this.#entries.length - keep;
    if (surplus <= 0) return;
    this.#entries.splice(0, surplus);
    const first = this.first ?? 0;
    this.#messages.splice(0, this.#messages.filter(({ seq }) => seq < first).length);
    // Whatever page comes now is asked for after these edits were heard, so the server has folded them in.
    this.#early.clear();
  }

  /** Forgets everything but which log it was. */
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
    if (entry.kind !== "message") return;
    const place = this.#placeOf(entry.seq);
    if (place !== null) this.#messages[place] = entry;
  }

  /** Where the message stands among the messages: a binary search. */
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

  /** The edits of a deleted message lose their bodies too (rule S9). */
  #strip(target: number): void {
    for (const entry of this.#entries)
      if (entry.kind === "edit" && entry.target === target && entry.body !== undefined)
        this.#put(bodiless(entry));
  }

  /** An entry of an older page, with what was heard of it since the page was asked for. */
  #caughtUp(entry: Entry): Entry {
    if (entry.kind === "delete") return entry;
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

/** The message after an edit; one that is deleted, or carries a later edit already, stays as it is. */
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
