// Removes everything that a browser stores of a member, when they sign out.

import type { Platform } from "../platform/platform";
import { Journal } from "./journal";
import type { MemberKey, RoomKey } from "./storage";

const DRAFT = "alcove.draft.";

/** Return the name of the note with the text that a member is writing in a room. */
export function draftNote({ server, member, item }: RoomKey): string {
  return DRAFT + JSON.stringify([server, member, item]);
}

/** Return the name that an earlier version used, which knew one server only. */
export function earlierDraftNote({ member, item }: RoomKey): string {
  return DRAFT + JSON.stringify([member, item]);
}

/** Remove histories, drafts and unsent text of a member. */
export async function forgetMember(
  key: MemberKey,
  platform: Pick<Platform, "notes" | "tabNotes" | "storage">,
): Promise<void> {
  new Journal(platform.notes).forget(key);
  const drafts = DRAFT + JSON.stringify([key.server, key.member]).slice(0, -1);
  for (const notes of [platform.notes, platform.tabNotes])
    for (const name of notes.keys(drafts)) notes.set(name, null);
  await platform.storage.forget(key, { drafts: true }).catch(() => undefined);
}
