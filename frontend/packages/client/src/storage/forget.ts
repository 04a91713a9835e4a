// All that a browser keeps of a member: forgotten at once when they sign out.

import type { Platform } from "../platform/platform";
import { Journal } from "./journal";
import type { MemberKey, RoomKey } from "./storage";

const DRAFT = "alcove.draft.";

/** Under which name what is being written in a room is kept; also what an earlier version used, which knew one server. */
export function draftNote({ server, member, item }: RoomKey): string {
  return DRAFT + JSON.stringify([server, member, item]);
}

export function earlierDraftNote({ member, item }: RoomKey): string {
  return DRAFT + JSON.stringify([member, item]);
}

/** Removes what a member read, sent and began to write. */
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
