// The room's messages: virtual, at the foot when there, and in their place when reading above.

import type { Room, RoomView, Row } from "alcove-client";
import {
  type Item,
  isolated,
  itemsOf,
  positionIn,
  type Seen,
  seenBy,
  type Unread,
  useFoot,
} from "alcove-react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useTranslation } from "../i18n/translation";
import { Boundary } from "../ui/Boundary";
import { Message, type MessageActions } from "./Message";
import styles from "./RoomLog.module.css";
import { DayLine, Note } from "./rules";

/** How near the top, in pixels, calls for older messages. */
const NEAR_TOP = 800;

type RoomLogProps = {
  readonly room: Room;
  readonly view: RoomView;
  readonly actions: MessageActions;
  /** Another number than before: the newest message is wanted, wherever one reads. */
  readonly toNewest: number;
};

/** Drawn again when the room changes, and not at every key of what is being written beside it. */
export const RoomLog = memo(function RoomLog({ room, view, actions, toNewest }: RoomLogProps) {
  const { t } = useTranslation();
  const { rows, changes, me, cursor, log, older, status } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [seen, setSeen] = useState<Seen>({ log, cursor: 0 });
  const unread = useUnreadLine(view);
  const items = useMemo(() => itemsOf(rows, unread, me?.id ?? null), [rows, unread, me]);
  const shift = useShift(items);
  const { atFoot, toFoot, scrolled } = useFoot(scroller, items.at(-1)?.key);
  const fresh = atFoot ? 0 : countFresh(rows, positionIn(seen, log), me?.id ?? null);
  const readers = seenBy(view);

  useLayoutEffect(() => {
    if (toNewest > 0) toFoot();
  }, [toNewest, toFoot]);

  useEffect(() => {
    room.follow(atFoot);
    if (!atFoot) return;
    setSeen({ log, cursor });
    if (status.is === "live" && document.visibilityState === "visible") room.read(cursor);
  }, [room, atFoot, cursor, log, status.is]);

  useEffect(() => {
    const onVisible = () => {
      if (atFoot && document.visibilityState === "visible") room.read(cursor);
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [room, atFoot, cursor]);

  function onScroll(offset: number) {
    scrolled();
    if (offset < NEAR_TOP && older === "idle") void room.loadOlder();
  }

  // Who stands at the top, or has nothing to scroll yet, causes no scrolling that would ask for more.
  useEffect(() => {
    const handle = list.current;
    if (older !== "idle" || handle === null) return;
    const atTop = !atFoot && handle.scrollOffset < NEAR_TOP;
    if (atTop || handle.scrollSize <= handle.viewportSize) void room.loadOlder();
  });

  return (
    <>
      {rows.length === 0 && status.is !== "noAccess" && status.is !== "ended" && (
        <p className={styles.empty}>
          {t(cursor === 0 && status.is !== "live" ? "room.opening" : "room.empty")}
        </p>
      )}
      {older === "failed" && (
        <p className={styles.seen}>
          <span>{`${t("room.olderFailed")} `}</span>
          <button
            type="button"
            onClick={() => {
              scroller.current?.focus();
              void room.loadOlder();
            }}
          >
            {t("room.retry")}
          </button>
        </p>
      )}
      <div
        ref={scroller}
        role="log"
        // New messages are announced once, by the announcer; this list comes and goes with every scroll.
        aria-live="off"
        aria-label={t("messages")}
        aria-busy={older === "loading"}
        className={styles.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
      >
        <p className={styles.printed}>{t("save.lead")}</p>
        <div className={styles.push} />
        <Virtualizer ref={list} data={items} as="ol" item="li" shift={shift} onScroll={onScroll}>
          {(item) => (
            <Line
              key={item.key}
              item={item}
              view={view}
              actions={actions}
              change={item.is === "row" && item.row.type === "entry" ? changes.get(item.row.seq) : undefined}
            />
          )}
        </Virtualizer>
      </div>
      {readers.length > 0 && atFoot && (
        <p className={styles.seen}>{t("room.seenBy", { names: readers.map(isolated).join(", ") })}</p>
      )}
      {!atFoot && (
        <button
          type="button"
          className={styles.down}
          onClick={() => {
            // The button goes away; without a place of its own the focus would fall to the body.
            scroller.current?.focus({ preventScroll: true });
            toFoot();
          }}
        >
          {fresh > 0 ? t("room.newBelow", { count: fresh }) : t("room.toFoot")}
        </button>
      )}
    </>
  );
});

type LineProps = {
  readonly item: Item;
  readonly view: RoomView;
  readonly actions: MessageActions;
  readonly change: Parameters<typeof Message>[0]["change"];
};

function Line({ item, view, actions, change }: LineProps) {
  const { t } = useTranslation();
  if (item.is === "day") return <DayLine at={item.at} />;
  if (item.is === "unread") return <Note strong>{t("room.unread")}</Note>;
  const { row, follows } = item;
  if (row.type === "gap") return <Note>{t("room.gap", { from: row.from, to: row.to })}</Note>;
  if (row.type === "reset") return <Note>{t("room.reset")}</Note>;
  return (
    <Boundary fallback={<Note>{t("room.unreadable")}</Note>} resetKey={change ?? row}>
      <Message row={row} follows={follows} me={view.me} change={change} actions={actions} />
    </Boundary>
  );
}

/**
 * What the reader had not read on opening the room; it stays marked until the room is opened again. Taken from the
 * greeting: how much of the log has arrived when it is first drawn is chance.
 */
function useUnreadLine({ status, joined, log }: RoomView): Unread | null {
  const [opened, setOpened] = useState<{
    readonly log: string | null;
    readonly unread: Unread | null;
  } | null>(null);
  if (opened === null && status.is === "live" && joined !== null) {
    const { mark, head } = joined;
    setOpened({ log, unread: mark > 0 && mark < head ? { after: mark, upTo: head } : null });
  }
  return opened?.log === log ? opened.unread : null;
}

/**
 * Whether items came or went at the front since the last render: then the list keeps its place from the end. Where
 * nothing is left of what was there before, there is no place to keep.
 */
function useShift(items: readonly Item[]): boolean {
  const last = useRef<{ items: readonly Item[]; shift: boolean }>({ items, shift: false });
  if (last.current.items !== items) {
    const before = last.current.items;
    const end = before.findLast(isMessage)?.key;
    const kept = end !== undefined && items.some((item) => isMessage(item) && item.key === end);
    last.current = { items, shift: kept && before.find(isMessage)?.key !== items.find(isMessage)?.key };
  }
  return last.current.shift;
}

function isMessage(item: Item): boolean {
  return item.is === "row" && item.row.type !== "gap" && item.row.type !== "reset";
}

function countFresh(rows: readonly Row[], seen: number, me: string | null): number {
  let fresh = 0;
  for (let i = rows.length - 1; i >= 0; i -= 1) {
    const row = rows[i];
    if (row?.type !== "entry") continue;
    if (row.seq <= seen) break;
    if (row.by.id !== me) fresh += 1;
  }
  return fresh;
}
