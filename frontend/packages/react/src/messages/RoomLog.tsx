// The messages of a room: a virtual list that stays at the bottom for a reader who is there.

import type { Room, RoomState } from "alcove-client";
import { type CSSProperties, memo, useEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Editor } from "../composer/useWriting";
import { useLayout } from "../lib/useLayout";
import { useAlcoveContext } from "../provider";
import type { MessageActions } from "./actions";
import { countNew } from "./countNew";
import { StickyDay } from "./Divider";
import { Empty } from "./Empty";
import { JumpButton } from "./JumpButton";
import { LogLine } from "./LogLine";
import { type Line, linesOf } from "./lines";
import type { MessageSlots } from "./Message";
import styles from "./RoomLog.module.css";
import { topEdgeOf } from "./topEdge";
import { distance, useBottom } from "./useBottom";
import { useOpening } from "./useOpening";
import { useRoving } from "./useRoving";
import { useShift } from "./useShift";
import { useUnreadLine } from "./useUnreadLine";

/** How near the top older messages are loaded, in px. */
const NEAR_TOP = 800;

type RoomLogProps = MessageSlots & {
  readonly room: Room;
  readonly state: RoomState;
  readonly actions: MessageActions;
  readonly editor: Editor;
  /** The number of the message to show and to mark. */
  readonly linked: number | null;
  /** Grows when the newest message should be shown, at any scroll position. */
  readonly endRequests: number;
  /** Called when the log is scrolled to its bottom, or away from it. */
  readonly onBottom: (atBottom: boolean) => void;
};

/** Rendered again when the room changes, but not at every key of what is being written below. */
export const RoomLog = memo(function RoomLog(props: RoomLogProps) {
  const { room, state, actions, editor, linked, endRequests, onBottom } = props;
  const { renderMessage, renderAvatar } = props;
  const { messages, history, me, head, log, status } = state;
  const { t } = useAlcoveContext();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [seen, setSeen] = useState<{ readonly log: string | null; readonly head: number }>({ log, head: 0 });
  const [stickyDay, setStickyDay] = useState<number | null>(null);
  const [cover, setCover] = useState(0);
  const unread = useUnreadLine(state);
  const lines = useMemo(
    () => linesOf({ messages, history }, unread, me?.id ?? null),
    [messages, history, unread, me],
  );
  const shift = useShift(lines);
  const { atBottom, toBottom, leaveBottom, scrolled } = useBottom(scroller, lines.at(-1)?.key);
  const roving = useRoving(scroller, list, lines);
  const { focusLine } = roving;
  const isOpening = useOpening({ room, state, lines, unread, linked, list, leaveBottom, focusLine });
  const seenHead = Math.max(seen.log === log ? seen.head : 0, unread?.after ?? 0);
  const below = atBottom ? 0 : countNew(messages, seenHead, me?.id ?? null);

  useLayout(() => {
    if (endRequests > 0) toBottom();
  }, [endRequests, toBottom]);

  useEffect(() => {
    room.follow(atBottom);
    onBottom(atBottom);
    if (!atBottom || isOpening) return;
    setSeen({ log, head });
    if (status === "live" && document.visibilityState === "visible") room.markRead(head);
  }, [room, atBottom, onBottom, isOpening, head, log, status]);

  useEffect(() => {
    const onVisible = () => {
      // A hidden tab draws late: another log may have come whose numbers say nothing about what is on screen.
      const isDrawn = room.getState().log === log;
      if (atBottom && isDrawn && document.visibilityState === "visible") room.markRead(head);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [room, atBottom, head, log]);

  function onScroll(offset: number) {
    scrolled();
    const handle = list.current;
    if (handle !== null) {
      const isStill = scroller.current !== null && distance(scroller.current) < 2;
      const [day, rest] = topEdgeOf(lines, handle, offset, isStill);
      setStickyDay(day);
      setCover(rest);
    }
    if (offset < NEAR_TOP && history.status === "idle") void room.loadOlder();
  }

  // A reader at the top, or with too little to scroll, causes no scroll event that would load more.
  useEffect(() => {
    const handle = list.current;
    if (history.status !== "idle" || handle === null) return;
    const atTop = !atBottom && handle.scrollOffset < NEAR_TOP;
    if (atTop || handle.scrollSize <= handle.viewportSize) void room.loadOlder();
  });

  return (
    <div className={styles.area} data-bottom={atBottom} style={{ "--_cover": `${cover}px` } as CSSProperties}>
      <Empty state={state} />
      {history.status === "failed" && (
        <p className={styles.failed}>
          <span>{t("room.olderFailed")}</span>
          <button
            type="button"
            onClick={() => {
              scroller.current?.focus();
              void room.loadOlder();
            }}
          >
            {t("message.retry")}
          </button>
        </p>
      )}
      <div
        ref={scroller}
        role="log"
        // New messages are announced once, by the announcer; lines of this list come and go with every scroll.
        aria-live="off"
        aria-label={t("room.messages")}
        aria-busy={history.status === "loading"}
        className={styles.log}
        // What scrolls must be reachable by keyboard (WCAG 2.1.1): by itself, or by the message that has the stop.
        tabIndex={roving.stop === null ? 0 : -1}
        onKeyDown={roving.onKeyDown}
        onFocus={roving.onFocus}
      >
        <p className={styles.printed}>{t("room.printed")}</p>
        <div className={styles.push} />
        <Virtualizer
          ref={list}
          data={lines}
          as="ol"
          item="li"
          shift={shift}
          keepMounted={roving.mounted}
          onScroll={onScroll}
        >
          {(line) => (
            <LogLine
              key={line.key}
              line={line}
              me={me}
              actions={actions}
              editor={isEdited(line, editor, me?.id) ? editor : null}
              isStop={line.key === roving.stop}
              linked={linked}
              slots={{ renderMessage, renderAvatar }}
            />
          )}
        </Virtualizer>
      </div>
      {stickyDay !== null && <StickyDay at={stickyDay} />}
      {!atBottom && (
        <JumpButton
          count={below}
          onPress={() => {
            // The button is removed, and the focus would move to the body.
            scroller.current?.focus({ preventScroll: true });
            toBottom();
          }}
        />
      )}
    </div>
  );
});

/** Ids are unique for an author only; the member edits their own messages. */
function isEdited(line: Line, { editing }: Editor, me: string | undefined): boolean {
  if (line.type !== "message" || editing === null) return false;
  const { id, author } = line.message;
  return id === editing.id && (author.id === me || author.id === "");
}
