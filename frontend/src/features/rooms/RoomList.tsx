// The rooms one may read, the latest first: their last line, and what is unread. Any other is opened by its id.
import { type FormEvent, useState } from "react";
import { Link, useLocation } from "wouter";
import type { ItemSummary } from "../../client/protocol.gen";
import { isRoomId } from "../../client/urls";
import { useTranslation } from "../../i18n/translation";
import { Field } from "../../ui/Field";
import { roomHref } from "../../ui/roomHref";
import { summaryOf } from "../messages/summary";
import { When } from "../messages/When";
import { isolated } from "../presence/isolated";
import styles from "./RoomList.module.css";

type RoomListProps = {
  /** Null while unknown. */
  readonly items: readonly ItemSummary[] | null;
  readonly current: string | null;
};

export function RoomList({ items, current }: RoomListProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [search, setSearch] = useState("");
  const wanted = search.trim();
  const shown = items?.filter(({ item }) => item.toLowerCase().includes(wanted.toLowerCase())) ?? [];

  function open(event: FormEvent) {
    event.preventDefault();
    if (!isRoomId(wanted)) return;
    setSearch("");
    go(roomHref(wanted));
  }

  return (
    <nav className={styles.rooms} aria-label={t("rooms.title")}>
      <search>
        <form onSubmit={open}>
          <Field
            label={t("rooms.search")}
            value={search}
            onValue={setSearch}
            type="search"
            data-shortcut="search"
          />
          {isRoomId(wanted) && (
            <button type="submit" className={styles.open}>
              {t("rooms.open", { item: wanted })}
            </button>
          )}
        </form>
      </search>
      <ul className={styles.list}>
        {shown.map((room) => (
          <li key={room.item}>
            <Link
              href={roomHref(room.item)}
              className={styles.room}
              aria-current={room.item === current ? "page" : undefined}
            >
              <span className={styles.line}>
                <span className={styles.item} dir="auto" title={room.item}>
                  {room.item}
                </span>
                {room.last !== null && (
                  <span className={styles.time}>
                    <When at={room.last.at} alone />
                  </span>
                )}
              </span>
              <span className={styles.line}>
                <span className={styles.last}>{lastLine(room, t("room.deleted"))}</span>
                {room.unread > 0 && room.item !== current && (
                  <span className={styles.unread}>{t("rooms.unread", { count: room.unread })}</span>
                )}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {items !== null && shown.length === 0 && (
        <p className={styles.none}>{t(items.length === 0 ? "rooms.noneYet" : "rooms.none")}</p>
      )}
    </nav>
  );
}

/** `deleted`: what stands for words that are gone. */
function lastLine({ last }: ItemSummary, deleted: string): string {
  if (last === null) return "";
  const body = last.kind === "delete" ? undefined : last.body;
  return `${isolated(last.by.name)}: ${body === undefined ? deleted : summaryOf(body, 120)}`;
}
