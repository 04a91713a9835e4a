// The messages of a room: a virtual list that stays at the bottom for a reader who is there.

import type { Message as MessageState, Room, RoomState } from "alcove-client";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Boundary } from "../lib/Boundary";
import { useLayout } from "../lib/useLayout";
import { isolated } from "../members/isolated";
import { useAlcoveContext } from "../provider";
import { DayDivider, Note } from "./Divider";
import { type Line, linesOf } from "./lines";
import { Message, type MessageActions, type MessageSlots } from "./Message";
import styles from "./RoomLog.module.css";
import { Skeleton } from "./Skeleton";
import { seenBy } from "./seenBy";
import { eventText } from "./summary";
import { useBottom } from "./useBottom";
import { useShift } from "./useShift";
import { useUnreadLine } from "./useUnreadLine";
import { When } from "./When";

/** How near the top older messages are loaded, in px. */
const NEAR_TOP = 800;

type RoomLogProps = MessageSlots & {
  readonly room: Room;
  readonly state: RoomState;
  readonly actions: MessageActions;
  /** Grows when the newest message should be shown, wherever the reader is. */
  readonly endRequests: number;
};

/** Rendered again when the room changes, but not at every key of what is being written below. */
export const RoomLog = memo(function RoomLog(props: RoomLogProps) {
  const { room, state, actions, endRequests, renderMessage, renderAvatar } = props;
  const { messages, history, me, head, log, status } = state;
  const { t, locale } = useAlcoveContext();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [seen, setSeen] = useState<{ readonly log: string | null; readonly head: number }>({ log, head: 0 });
  const unread = useUnreadLine(state);
  const lines = useMemo(
    () => linesOf({ messages, history }, unread, me?.id ?? null),
    [messages, history, unread, me],
  );
  const shift = useShift(lines);
  const { atBottom, toBottom, scrolled } = useBottom(scroller, lines.at(-1)?.key);
  const below = atBottom ? 0 : countNew(messages, seen.log === log ? seen.head : 0, me?.id ?? null);
  const readers = seenBy(state);

  useLayout(() => {
    if (endRequests > 0) toBottom();
  }, [endRequests, toBottom]);

  useEffect(() => {
    room.follow(atBottom);
    if (!atBottom) return;
    setSeen({ log, head });
    if (status === "live" && document.visibilityState === "visible") room.markRead(head);
  }, [room, atBottom, head, log, status]);

  useEffect(() => {
    const onVisible = () => {
      if (atBottom && document.visibilityState === "visible") room.markRead(head);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [room, atBottom, head]);

  function onScroll(offset: number) {
    scrolled();
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
    <div className={styles.area}>
      <Empty state={state} />
      {history.status === "failed" && (
        <p className={styles.seen}>
          <span>{`${t("room.olderFailed")} `}</span>
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
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
      >
        <p className={styles.printed}>{t("room.printed")}</p>
        <div className={styles.push} />
        <Virtualizer ref={list} data={lines} as="ol" item="li" shift={shift} onScroll={onScroll}>
          {(line) => (
            <LogLine
              key={line.key}
              line={line}
              me={me}
              actions={actions}
              slots={{ renderMessage, renderAvatar }}
            />
          )}
        </Virtualizer>
      </div>
      {readers.length > 0 && atBottom && (
        <p className={styles.seen}>
          {t("room.seenBy", { names: new Intl.ListFormat(locale).format(readers.map(isolated)) })}
        </p>
      )}
      {!atBottom && (
        <button
          type="button"
          className={styles.down}
          onClick={() => {
            // The button goes away, and the focus would fall to the body.
            scroller.current?.focus({ preventScroll: true });
            toBottom();
          }}
        >
          {below > 0 ? t("room.newBelow", { count: below }) : t("room.toBottom")}
        </button>
      )}
    </div>
  );
});

/** What a log without messages shows. */
function Empty({ state }: { readonly state: RoomState }) {
  const { t } = useAlcoveContext();
  const { messages, status, joined } = state;
  if (messages.length > 0 || status === "noAccess" || status === "ended" || status === "signedOut")
    return null;
  if (status === "live" || joined !== null) return <p className={styles.empty}>{t("room.empty")}</p>;
  return <Skeleton label={t("room.opening")} />;
}

type LogLineProps = {
  readonly line: Line;
  readonly me: RoomState["me"];
  readonly actions: MessageActions;
  readonly slots: MessageSlots;
};

function LogLine({ line, me, actions, slots }: LogLineProps) {
  const { t } = useAlcoveContext();
  switch (line.type) {
    case "day":
      return <DayDivider at={line.at} />;
    case "unread":
      return <Note strong>{t("room.unread")}</Note>;
    case "gap":
      return <Note>{t("room.gap", { from: line.from, to: line.to })}</Note>;
    case "reset":
      return <Note>{t("room.reset")}</Note>;
    case "event":
      return (
        <Note>
          {`${eventText(line.message.body)} `}
          <When at={line.message.at} />
        </Note>
      );
    case "message":
      return (
        <Boundary fallback={<Note>{t("message.unreadable")}</Note>} resetKey={line.message}>
          <Message message={line.message} follows={line.follows} me={me} actions={actions} {...slots} />
        </Boundary>
      );
  }
}

/** Count the messages of others behind `seen`. */
function countNew(messages: readonly MessageState[], seen: number, me: string | null): number {
  let count = 0;
  for (let i = messages.length - 1; i >= 0; i -= 1) {
    const message = messages[i];
    if (message === undefined || message.seq === null || message.author.id === me) continue;
    if (message.kind === "event") continue;
    if (message.seq <= seen) break;
    count += 1;
  }
  return count;
}
