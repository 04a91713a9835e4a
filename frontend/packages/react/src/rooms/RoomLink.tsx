// One room of the list: its last message, and how many are unread.

import type { RoomSummary } from "alcove-client";
import type { MouseEvent } from "react";
import hidden from "../lib/hidden.module.css";
import { isolated } from "../members/isolated";
import { eventText, plainSummaryOf } from "../messages/summary";
import { shortTime } from "../messages/times";
import { useAlcoveContext } from "../provider";
import type { T } from "../strings/strings";
import styles from "./RoomList.module.css";

/** Higher counts are shown as this number with a plus sign. */
const MOST = 99;
/** Characters of a name that is shown whole, and of the last message. */
const SHORT = 12;
const LAST = 120;

/** Without `last` and `unread`: the current room, which is not in the list. */
export type ListedRoom = Pick<RoomSummary, "item"> & Partial<Pick<RoomSummary, "last" | "unread">>;

type RoomLinkProps = {
  readonly room: ListedRoom;
  readonly current: boolean;
  readonly href: string | undefined;
  readonly onOpen: ((item: string) => void) | undefined;
  /** Whether Tab stops here: at one row of the list. */
  readonly isStop: boolean;
};

export function RoomLink({ room, current, href, onOpen, isStop }: RoomLinkProps) {
  const { t, locale } = useAlcoveContext();
  const { item, last = null, unread = 0 } = room;
  const content = (
    <>
      <span className={styles.line}>
        <span className={styles.item} dir="auto" title={item}>
          {item}
        </span>
        {last !== null && (
          <time className={styles.time} dateTime={new Date(last.at).toISOString()}>
            {shortTime(last.at, Date.now(), locale)}
          </time>
        )}
      </span>
      <span className={styles.line}>
        <span className={styles.last}>{last === null ? "" : lastLine(last, t)}</span>
        {unread > 0 && !current && (
          <span className={styles.unread}>
            <span aria-hidden="true">{unread > MOST ? `${MOST}+` : unread}</span>
            <span className={hidden.hidden}>{t("rooms.unread", { count: unread })}</span>
          </span>
        )}
      </span>
    </>
  );
  const more = { className: styles.room, tabIndex: isStop ? 0 : -1, "data-unread": unread > 0 && !current };

  if (href === undefined)
    return (
      <button type="button" {...more} aria-current={current} onClick={() => onOpen?.(item)}>
        {content}
      </button>
    );

  function follow(event: MouseEvent) {
    // Other clicks open a new tab or window, or save the link.
    if (onOpen === undefined || event.button !== 0 || hasModifier(event)) return;
    event.preventDefault();
    onOpen(item);
  }

  return (
    <a href={href} {...more} aria-current={current ? "page" : undefined} onClick={follow}>
      {content}
    </a>
  );
}

function hasModifier({ altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return altKey || ctrlKey || metaKey || shiftKey;
}

function lastLine(last: NonNullable<RoomSummary["last"]>, t: T): string {
  if (last.kind === "event") return eventText(last.body);
  const body = last.kind === "delete" ? undefined : last.body;
  const text = body === undefined ? t("message.deleted") : plainSummaryOf(body, LAST);
  return t("rooms.lastLine", { name: isolated(shortName(last.by.name)), text });
}

/** Return the first word of a long name: the line is for the message. */
function shortName(name: string): string {
  return name.length > SHORT ? (name.split(" ", 1)[0] ?? name) : name;
}
