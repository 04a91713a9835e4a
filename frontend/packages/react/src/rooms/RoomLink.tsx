// One room of the list: its last message, and how many are unread.

import type { RoomSummary } from "alcove-client";
import type { MouseEvent } from "react";
import { isolated } from "../members/isolated";
import { eventText, summaryOf } from "../messages/summary";
import { When } from "../messages/When";
import { useAlcoveContext } from "../provider";
import styles from "./RoomList.module.css";

/** Without `last` and `unread` nothing is known of the room but that it is the current one. */
export type ListedRoom = Pick<RoomSummary, "item"> & Partial<Pick<RoomSummary, "last" | "unread">>;

type RoomLinkProps = {
  readonly room: ListedRoom;
  readonly current: boolean;
  readonly href: string | undefined;
  readonly onOpen: ((item: string) => void) | undefined;
};

export function RoomLink({ room, current, href, onOpen }: RoomLinkProps) {
  const { t } = useAlcoveContext();
  const { item, last = null, unread = 0 } = room;
  const content = (
    <>
      <span className={styles.line}>
        <span className={styles.item} dir="auto" title={item}>
          {item}
        </span>
        {last !== null && (
          <span className={styles.time}>
            <When at={last.at} alone />
          </span>
        )}
      </span>
      <span className={styles.line}>
        <span className={styles.last}>{last === null ? "" : lastLine(last, t("message.deleted"))}</span>
        {unread > 0 && !current && (
          <span className={styles.unread}>{t("rooms.unread", { count: unread })}</span>
        )}
      </span>
    </>
  );

  if (href === undefined)
    return (
      <button type="button" className={styles.room} aria-current={current} onClick={() => onOpen?.(item)}>
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
    <a href={href} className={styles.room} aria-current={current ? "page" : undefined} onClick={follow}>
      {content}
    </a>
  );
}

function hasModifier({ altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return altKey || ctrlKey || metaKey || shiftKey;
}

/** `deleted`: what is shown for a body that is gone. */
function lastLine(last: NonNullable<RoomSummary["last"]>, deleted: string): string {
  if (last.kind === "event") return eventText(last.body);
  const body = last.kind === "delete" ? undefined : last.body;
  return `${isolated(last.by.name)}: ${body === undefined ? deleted : summaryOf(body, 120)}`;
}
