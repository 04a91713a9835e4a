// What is being written, kept for each member and item until it is sent: each tab has its own.

import type { RoomKey, World } from "alcove-client";
import { draftNote, earlierDraftNote } from "alcove-client";
import { useState } from "react";

type Notes = Pick<World, "notes" | "tabNotes">;

/** This tab's own draft, else the one that a tab closed meanwhile has left. */
function kept(key: RoomKey, { notes, tabNotes }: Notes): string {
  const name = draftNote(key);
  return tabNotes.get(name) ?? notes.get(name) ?? notes.get(earlierDraftNote(key)) ?? "";
}

function keep(key: RoomKey, text: string, before: string, { notes, tabNotes }: Notes): void {
  const name = draftNote(key);
  tabNotes.set(name, text);
  if (text !== "") notes.set(name, text);
  // What another tab is writing stays.
  else if (notes.get(name) === before) notes.set(name, null);
  notes.set(earlierDraftNote(key), null);
}

/** The draft of a member for an item, and how to change it; `key` null: it lives as long as the page. */
export function useDraft(key: RoomKey | null, notes: Notes): readonly [string, (text: string) => void] {
  const name = key === null ? null : draftNote(key);
  const [draft, setDraft] = useState(() => ({ name, text: key === null ? "" : kept(key, notes) }));
  const text = draft.name === name ? draft.text : taken();

  /** What was written before anybody was known is the first member's; another member has their own. */
  function taken(): string {
    if (draft.name === null && draft.text !== "") return draft.text;
    return key === null ? "" : kept(key, notes);
  }

  function write(words: string) {
    setDraft({ name, text: words });
    if (key !== null) keep(key, words, text, notes);
  }

  return [text, write];
}
