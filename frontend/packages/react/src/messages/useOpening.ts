// Opens the log at the message that a link names, else at the first message that the member has not read.
import type { Room, RoomState } from "alcove-client";
import { type RefObject, useRef } from "react";
import type { VirtualizerHandle } from "virtua";
import { useLayout } from "../lib/useLayout";
import type { Line, Unread } from "./lines";

/** Older pages that are loaded to reach the message; farther up, the log opens at the oldest one held. */
const PAGES = 20;
/** Space for what covers the top of the log, in px. */
const TOP = 32;

type OpeningOptions = {
  readonly room: Room;
  readonly state: RoomState;
  readonly lines: readonly Line[];
  readonly unread: Unread | null;
  /** The number of the message that a link names. */
  readonly linked: number | null;
  readonly list: RefObject<VirtualizerHandle | null>;
  readonly leaveBottom: () => void;
  /** Moves the focus to a line. */
  readonly focusLine: (key: string) => void;
};

/** Return whether the log has still to be moved there: until then nothing is marked as read. */
export function useOpening(options: OpeningOptions): boolean {
  const { room, state, lines, unread, linked, list, leaveBottom, focusLine } = options;
  const opened = useRef<Unread | null>(null);
  const reached = useRef<number | null>(null);
  const pages = useRef(0);
  const { head, history, joined, messages } = state;
  const toLinked = linked !== null && reached.current !== linked;
  const isOpening = toLinked || (linked === null && unread !== null && opened.current !== unread);

  useLayout(() => {
    const index = lines.findIndex((line) =>
      toLinked ? line.type === "message" && line.message.seq === linked : line.type === "unread",
    );
    if (!isOpening) return;
    const isHeld = toLinked
      ? index >= 0 || (joined !== null && head >= joined.head)
      : head >= (unread?.upTo ?? 0);
    if (!isHeld) return;
    const first = messages.find(({ seq }) => seq !== null)?.seq ?? 0;
    const from = toLinked ? linked : (unread?.after ?? 0) + 1;
    const isMissing = first > from && (history.status === "idle" || history.status === "loading");
    if (isMissing && pages.current < PAGES) {
      if (history.status === "idle") {
        pages.current += 1;
        void room.loadOlder();
      }
      return;
    }
    opened.current = unread;
    reached.current = linked;
    pages.current = 0;
    const line = lines[index];
    if (line === undefined) return;
    leaveBottom();
    list.current?.scrollToIndex(index, toLinked ? { align: "center" } : { align: "start", offset: -TOP });
    if (toLinked) focusLine(line.key);
  });

  return isOpening;
}
