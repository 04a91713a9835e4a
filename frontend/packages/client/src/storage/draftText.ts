// The text that a member is writing and has not sent: kept for each member, item and tab.
import type { Platform } from "../platform/platform";
import { draftNote, earlierDraftNote } from "./forget";
import type { RoomKey } from "./storage";

type DraftTextPlatform = Pick<Platform, "notes" | "tabNotes">;

export class DraftText {
  /** What was written before the member was known. */
  #early = "";
  /** What was saved last, under its name: the browser may refuse to store it. */
  #last: { readonly name: string; readonly text: string } | null = null;
  readonly #platform: DraftTextPlatform;

  constructor(platform: DraftTextPlatform) {
    this.#platform = platform;
  }

  /** Return this tab's own text, else the one that a tab has left that was closed meanwhile. */
  load(key: RoomKey | null): string {
    if (key === null || this.#early !== "") return this.#early;
    const { notes, tabNotes } = this.#platform;
    const name = draftNote(key);
    if (this.#last?.name === name) return this.#last.text;
    return tabNotes.get(name) ?? notes.get(name) ?? notes.get(earlierDraftNote(key)) ?? "";
  }

  /** Keep `text`; "" removes it. */
  save(key: RoomKey | null, text: string): void {
    if (key === null) {
      this.#early = text;
      return;
    }
    const { notes, tabNotes } = this.#platform;
    const before = this.load(key);
    const name = draftNote(key);
    this.#early = "";
    this.#last = { name, text };
    tabNotes.set(name, text);
    if (text !== "") notes.set(name, text);
    // What another tab is writing stays.
    else if (notes.get(name) === before) notes.set(name, null);
    notes.set(earlierDraftNote(key), null);
  }

  /** Drop what is held in memory: the member has signed out. */
  forget(): void {
    this.#early = "";
    this.#last = null;
  }
}
