// The room's messages: virtual, at the foot when there, and in their place when reading above.
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { Room } from "../../client/room";
import type { RoomView } from "../../client/roomView";
import type { Row } from "../../client/rows";
import { type Item, itemsOf } from "./items";
import { Message, type MessageActions } from "./Message";
import styles from "./RoomLog.module.css";
import { DayLine, Note } from "./rules";
import { seenBy } from "./seenBy";
import { useFoot } from "./useFoot";

/** How near the top, in pixels, calls for older messages. */
const NEAR_TOP = 800;

type RoomLogProps = {
  readonly room: Room;
  readonly view: RoomView;
  readonly actions: MessageActions;
};

/** Drawn again when the room changes, and not at every key of what is being written beside it. */
export const RoomLog = memo(function RoomLog({ room, view, actions }: RoomLogProps) {
  const { t } = useTranslation();
  const { rows, changes, me, cursor, older, status } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [seen, setSeen] = useState(0);
  const unreadAfter = useUnreadLine(view);
  const items = useMemo(() => itemsOf(rows, unreadAfter, me?.id ?? null), [rows, unreadAfter, me]);
  const shift = useShift(items);
  const { atFoot, toFoot, scrolled } = useFoot(scroller, items.at(-1)?.key);
  const fresh = atFoot ? 0 : countFresh(rows, seen, me?.id ?? null);
  const mine = lastDraft(rows);
  const readers = seenBy(view);

  // What one sends oneself is always worth seeing.
  useLayoutEffect(() => {
    if (mine !== null) toFoot();
  }, [mine, toFoot]);

  useEffect(() => {
    room.follow(atFoot);
    if (!atFoot) return;
    setSeen(cursor);
    if (status.is === "live" && document.visibilityState === "visible") room.read(cursor);
  }, [room, atFoot, cursor, status.is]);

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
          {t("room.olderFailed")}{" "}
          <button type="button" onClick={() => void room.loadOlder()}>
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
        <p className={styles.seen}>{t("room.seenBy", { names: readers.join(", ") })}</p>
      )}
      {!atFoot && (
        <button type="button" className={styles.down} onClick={toFoot}>
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
  return <Message row={row} follows={follows} me={view.me} change={change} actions={actions} />;
}

/** Where the reader had read to on opening the room; it stays there until the room is opened again. */
function useUnreadLine({ status, me, reads, cursor }: RoomView): number | null {
  const [mark, setMark] = useState<number | null | undefined>(undefined);
  const own = me === null ? 0 : (reads.get(me.id) ?? 0);
  if (mark === undefined && status.is === "live" && me !== null && cursor > 0)
    setMark(own > 0 && own < cursor ? own : null);
  return mark ?? null;
}

/** Whether items came or went at the front since the last render: then the list keeps its place from the end. */
function useShift(items: readonly Item[]): boolean {
  const last = useRef<{ items: readonly Item[]; shift: boolean }>({ items, shift: false });
  if (last.current.items !== items) {
    const before = last.current.items.find(isMessage);
    const now = items.find(isMessage);
    last.current = { items, shift: before !== undefined && now !== undefined && before.key !== now.key };
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

function lastDraft(rows: readonly Row[]): string | null {
  const last = rows.at(-1);
  return last?.type === "draft" ? last.id : null;
}
