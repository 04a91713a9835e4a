// A journal of drafts, written synchronously until storage has them: a reload right after Enter loses nothing.

import { timeOf, uuidv7 } from "../lib/uuid";
import type { Notes } from "./notes";
import type { KeptDraft, MemberKey, RoomKey } from "./storage";

const PREFIX = "alcove.sending.";
/** The time of the last id that any tab of this browser has made. */
const CLOCK = "alcove.clock";

export class Journal {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  /** Return a new id behind `lastId` and behind all that this browser has made, also after its clock was set back. */
  newId(now: number, lastId: string): string {
    const id = uuidv7(now, Math.max(timeOf(lastId), Number(this.#notes.get(CLOCK) ?? 0) || 0));
    this.#notes.set(CLOCK, String(timeOf(id)));
    return id;
  }

  add(draft: KeptDraft): void {
    this.#notes.set(nameOf(draft) + draft.id, JSON.stringify(draft));
  }

  remove(key: RoomKey, id: string): void {
    this.#notes.set(nameOf(key) + id, null);
  }

  drafts(key: RoomKey): KeptDraft[] {
    const found: KeptDraft[] = [];
    for (const name of this.#notes.keys(nameOf(key))) {
      try {
        const draft: unknown = JSON.parse(this.#notes.get(name) ?? "null");
        if (typeof draft === "object" && draft !== null && "command" in draft) found.push(draft as KeptDraft);
      } catch {
        this.#notes.set(name, null); // incomplete
      }
    }
    return found;
  }

  /** Remove the drafts of a member in all rooms. */
  forget({ server, member }: MemberKey): void {
    for (const name of this.#notes.keys(PREFIX + JSON.stringify([server, member]).slice(0, -1)))
      this.#notes.set(name, null);
  }
}

function nameOf({ server, member, item }: RoomKey): string {
  return `${PREFIX}${JSON.stringify([server, member, item])}`;
}
