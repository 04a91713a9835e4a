// The text that the member is writing: kept by the room for each member, item and tab.
import type { Room, RoomState } from "alcove-client";
import { useState } from "react";

/** Return the text, and the function that changes it. */
export function useDraft(room: Room, { me }: RoomState): readonly [string, (text: string) => void] {
  const [draft, setDraft] = useState<{ readonly text: string; readonly member: string | null } | null>(null);
  const member = me?.id ?? null;
  // A login cookie may turn out to be another member's, whose draft is a different one: also where this one was written
  // before the server told.
  const isOwn =
    draft !== null &&
    (member === null ||
      draft.member === member ||
      (draft.member === null && draft.text === room.loadDraft()));
  const text = isOwn ? draft.text : room.loadDraft();

  function change(next: string) {
    setDraft({ text: next, member });
    room.saveDraft(next);
  }

  return [text, change];
}
