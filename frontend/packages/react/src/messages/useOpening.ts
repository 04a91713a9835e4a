// Opens the log at the first message that the member has not read.
import type { Room, RoomState } from "alcove-client";
import { type RefObject, useRef } from "react";
import type { VirtualizerHandle } from "virtua";
import { useLayout } from "../lib/useLayout";
import type { Line, Unread } from "./lines";

/** Older pages that are loaded to reach the first unread message; farther up, the log opens at the oldest one held. */
const PAGES = 20;
/** Space for what covers the top of the log, in px. */
const TOP = 32;

type OpeningOptions = {
  readonly room: Room;
  readonly state: RoomState;
  readonly lines: readonly Line[];
  readonly unread: Unread | null;
  readonly list: RefObject<VirtualizerHandle | null>;
  readonly leaveBottom: () => void;
};

/** Return whether the log has still to be moved there: until then nothing is marked as read. */
export function useOpening({ room, state, lines, unread, list, leaveBottom }: OpeningOptions): boolean {
  const opened = useRef<Unread | null>(null);
  const pages = useRef(0);
  const { head, history, messages } = state;
  const isOpening = unread !== null && opened.current !== unread;

  useLayout(() => {
    if (!isOpening || head < unread.upTo) return;
    const first = messages.find(({ seq }) => seq !== null)?.seq ?? 0;
    const isMissing = first > unread.after + 1 && (history.status === "idle" || history.status === "loading");
    if (isMissing && pages.current < PAGES) {
      if (history.status === "idle") {
        pages.current += 1;
        void room.loadOlder();
      }
      return;
    }
    opened.current = unread;
    const index = lines.findIndex(({ type }) => type === "unread");
    if (index < 0) return;
    leaveBottom();
    list.current?.scrollToIndex(index, { align: "start", offset: -TOP });
  });

  return isOpening;
}
