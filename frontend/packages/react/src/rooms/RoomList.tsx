// The rooms that the member may read, the latest first; any other one is opened by its ID.

import { isRoomId, type RoomListState } from "alcove-client";
import { type FormEvent, useId, useState } from "react";
import { useAlcoveContext, useRootProps } from "../provider";
import { useRooms } from "../useRooms";
import { type ListedRoom, RoomLink } from "./RoomLink";
import styles from "./RoomList.module.css";
import { type SearchResult, useSearch } from "./useSearch";

export type RoomListProps = {
  /** The item whose room is shown beside the list. */
  readonly current?: string | null;
  /** Called with the item that the reader chose. */
  readonly onOpen?: (item: string) => void;
  /** Returns the address of an item's room; with it rooms are links, without it buttons. */
  readonly hrefOf?: (item: string) => string;
  readonly className?: string;
};

export function RoomList({ current = null, onOpen, hrefOf, className }: RoomListProps) {
  const { t } = useAlcoveContext();
  const list = useRooms();
  const [search, setSearch] = useState("");
  const root = useRootProps(`${styles.rooms} ${className ?? ""}`);
  const wanted = search.trim().normalize("NFC");
  const result = useSearch(list.hasMore && isRoomId(wanted) ? wanted : "");
  const shown = shownRooms(list, result, current, wanted.toLowerCase());
  const isKnown = list.status === "live" || list.rooms.length > 0;

  function open(event: FormEvent) {
    event.preventDefault();
    if (!isRoomId(wanted)) return;
    setSearch("");
    onOpen?.(wanted);
  }

  return (
    <nav {...root} aria-label={t("rooms.title")}>
      <search>
        <form onSubmit={open}>
          <SearchField label={t("rooms.search")} value={search} onValue={setSearch} />
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
            <RoomLink
              room={room}
              current={room.item === current}
              href={hrefOf?.(room.item)}
              onOpen={onOpen}
            />
          </li>
        ))}
      </ul>
      {list.hasMore && wanted === "" && (
        <button type="button" className={styles.open} onClick={() => void list.loadMore().catch(ignore)}>
          {t("rooms.showMore")}
        </button>
      )}
      {isKnown && shown.length === 0 && (
        <p className={styles.none}>{t(noneText(result, list.rooms.length === 0))}</p>
      )}
      {shown.length > 0 && result.status === "failed" && (
        <p className={styles.none}>{t("rooms.searchFailed")}</p>
      )}
    </nav>
  );
}

type SearchFieldProps = {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
};

function SearchField({ label, value, onValue }: SearchFieldProps) {
  const id = useId();
  return (
    <div className={styles.search}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={value}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        onChange={(event) => onValue(event.target.value)}
      />
    </div>
  );
}

/** A page that could not be loaded is asked for again by the same button. */
function ignore(): void {}

/** Return the known rooms that match, those that the server found, and always the current one. */
function shownRooms(
  { rooms, status }: Pick<RoomListState, "rooms" | "status">,
  result: SearchResult,
  current: string | null,
  wanted: string,
): readonly ListedRoom[] {
  const matching = rooms.filter(({ item }) => item.toLowerCase().includes(wanted));
  const known = new Set(matching.map(({ item }) => item));
  const more = result.status === "found" ? result.rooms.filter(({ item }) => !known.has(item)) : [];
  const listed: readonly ListedRoom[] = [...matching, ...more];
  const isMissing = current !== null && status === "live" && !listed.some(({ item }) => item === current);
  return isMissing && current.toLowerCase().includes(wanted) ? [{ item: current }, ...listed] : listed;
}

function noneText({ status }: SearchResult, isEmpty: boolean) {
  if (status === "searching") return "rooms.searching";
  if (status === "failed") return "rooms.searchFailed";
  return isEmpty ? "rooms.noneYet" : "rooms.none";
}
