// One room of the list: its last line, and what is unread.

import type { ItemSummary } from "alcove-client";
import { isolated, summaryOf } from "alcove-react";
import { Link } from "wouter";
import { useTranslation } from "../i18n/translation";
import { When } from "../messages/When";
import { roomHref } from "../ui/roomHref";
import styles from "./RoomList.module.css";

type RoomLinkProps = {
  /** Without `last` and `unread` nothing is known of the room but that it is open here. */
  readonly room: Pick<ItemSummary, "item"> & Partial<Pick<ItemSummary, "last" | "unread">>;
  readonly current: boolean;
};

export function RoomLink({ room, current }: RoomLinkProps) {
  const { t } = useTranslation();
  const { item, last = null, unread = 0 } = room;
  return (
    <Link href={roomHref(item)} className={styles.room} aria-current={current ? "page" : undefined}>
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
        <span className={styles.last}>{last === null ? "" : lastLine(last, t("room.deleted"))}</span>
        {unread > 0 && !current && (
          <span className={styles.unread}>{t("rooms.unread", { count: unread })}</span>
        )}
      </span>
    </Link>
  );
}

/** `deleted`: what stands for words that are gone. */
function lastLine(last: NonNullable<ItemSummary["last"]>, deleted: string): string {
  const body = last.kind === "delete" ? undefined : last.body;
  return `${isolated(last.by.name)}: ${body === undefined ? deleted : summaryOf(body, 120)}`;
}
