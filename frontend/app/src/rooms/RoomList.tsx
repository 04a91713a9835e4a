// The rooms one may read, the latest first: their last line, and what is unread. Any other is opened by its id.

import type { ItemSummary, Rooms } from "alcove-client";
import { isRoomId } from "alcove-client";
import { type Found, useFound } from "alcove-react";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { Field } from "../ui/Field";
import { roomHref } from "../ui/roomHref";
import { RoomLink } from "./RoomLink";
import styles from "./RoomList.module.css";

/** As many rooms as the server lists at once: where the list is that long, there may be others. */
const LISTED = 100;

type RoomListProps = {
  readonly rooms: Rooms;
  /** Null while unknown. */
  readonly items: readonly ItemSummary[] | null;
  readonly current: string | null;
};

export function RoomList({ rooms, items, current }: RoomListProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [search, setSearch] = useState("");
  const wanted = search.trim().normalize("NFC");
  const mayBeMore = items !== null && items.length >= LISTED;
  const found = useFound(rooms, mayBeMore && isRoomId(wanted) ? wanted : "");
  const shown = listOf(items, found, current, wanted.toLowerCase());

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
            <RoomLink room={room} current={room.item === current} />
          </li>
        ))}
      </ul>
      {items !== null && shown.length === 0 && (
        <p className={styles.none}>{t(noneFor(found, items.length === 0))}</p>
      )}
      {shown.length > 0 && found.is === "failed" && <p className={styles.none}>{t("rooms.searchFailed")}</p>}
    </nav>
  );
}

type Listed = Pick<ItemSummary, "item"> & Partial<Pick<ItemSummary, "last" | "unread">>;

/** The known rooms that match, those that the server found, and always the one that is open. */
function listOf(
  items: readonly ItemSummary[] | null,
  found: Found,
  current: string | null,
  wanted: string,
): readonly Listed[] {
  const matching = items?.filter(({ item }) => item.toLowerCase().includes(wanted)) ?? [];
  const known = new Set(matching.map(({ item }) => item));
  const more = found.is === "found" ? found.items.filter(({ item }) => !known.has(item)) : [];
  const listed: readonly Listed[] = [...matching, ...more];
  const missing = current !== null && items !== null && !listed.some(({ item }) => item === current);
  return missing && current.toLowerCase().includes(wanted) ? [{ item: current }, ...listed] : listed;
}

function noneFor(found: Found, empty: boolean) {
  if (found.is === "asking") return "rooms.searching";
  if (found.is === "failed") return "rooms.searchFailed";
  return empty ? "rooms.noneYet" : "rooms.none";
}
