// What the member had not read when the room was opened; it stays marked until the room is opened again.
import type { RoomState } from "alcove-client";
import { useState } from "react";
import type { Unread } from "./lines";

type Opened = { readonly log: string | null; readonly me: string | null; readonly unread: Unread | null };

/** Taken from the greeting: how much of the log has arrived at the first render is chance. */
export function useUnreadLine({ status, joined, log, me }: RoomState): Unread | null {
  const [opened, setOpened] = useState<Opened | null>(null);
  const member = me?.id ?? null;
  if (opened === null && status === "live" && joined !== null) {
    const { mark, head } = joined;
    const unread = mark > 0 && mark < head ? { after: mark, upTo: head } : null;
    setOpened({ log, me: member, unread });
  }
  return opened?.log === log && opened.me === member ? opened.unread : null;
}
