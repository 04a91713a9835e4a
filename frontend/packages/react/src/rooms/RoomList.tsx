// The rooms that the member may read, the latest first; any other one is created by its name.

import type { RoomListState } from "alcove-client";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../lib/Icon";
import { SEARCH } from "../lib/icons";
import { useKeptFocus } from "../lib/useKeptFocus";
import { useAlcoveContext, useRootProps } from "../provider";
import { useRooms } from "../useRooms";
import { type ListedRoom, RoomLink } from "./RoomLink";
import styles from "./RoomList.module.css";
import { roomIdOf } from "./roomId";
import { type SearchResult, useSearch } from "./useSearch";

export type RoomListProps = {
  /** The item whose room is shown beside the list. */
  readonly current?: string | null;
  /** Called with the item that the reader chose. */
  readonly onOpen?: (item: string) => void;
  /** Returns the address of an item's room; with it rooms are links, without it buttons. */
  readonly hrefOf?: (item: string) => string;
  /** The keys that the page binds to the search, as `Ctrl+K`: shown in its field. */
  readonly searchKeys?: string;
  readonly className?: string;
};

export function RoomList({ current = null, onOpen, hrefOf, searchKeys, className }: RoomListProps) {
  const { t } = useAlcoveContext();
  const list = useRooms();
  const rows = useRef<HTMLUListElement>(null);
  const nav = useRef<HTMLElement>(null);
  const [search, setSearch] = useState("");
  /** The item of the row where Tab stops. */
  const [active, setActive] = useState<string | null>(null);
  const root = useRootProps(`${styles.rooms} ${className ?? ""}`);
  const wanted = roomIdOf(search);
  const result = useSearch(list.hasMore && wanted !== null ? wanted : "");
  const shown = shownRooms(list, result, current, search.trim().toLowerCase());
  const isKnown = list.status === "live" || list.rooms.length > 0;
  const toCreate = wanted !== null && !shown.some(({ item }) => item === wanted) ? wanted : null;
  const stop = [active, current].find((one) => shown.some(({ item }) => item === one)) ?? shown[0]?.item;
  const isListed = shown.some(({ item }) => item === current);

  // The button for older rooms goes away with the last of them.
  useKeptFocus(nav, () => rowsOf(rows.current).at(-1));

  // The current room is in view, also where it moves in the list or another one is opened.
  useEffect(() => {
    if (isListed)
      rows.current
        ?.querySelector("[aria-current]:not([aria-current=false])")
        ?.scrollIntoView?.({ block: "nearest" });
  }, [isListed]);

  function open(item: string) {
    setSearch("");
    onOpen?.(item);
  }

  /** Enter opens the first room that is found, else it creates the one that was written. */
  function onSearchKey(event: KeyboardEvent) {
    const first = shown[0]?.item ?? toCreate;
    if (event.key === "ArrowDown") focusRow(rows.current, 0);
    else if (event.key === "Enter" && search.trim() !== "" && first !== null) open(first);
    else if (event.key === "Escape" && search !== "") setSearch("");
    else return;
    event.preventDefault();
  }

  function onRowKey(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement)) return;
    event.preventDefault();
    focusRow(rows.current, rowsOf(rows.current).indexOf(event.target) + step);
  }

  return (
    <nav ref={nav} {...root} aria-label={t("rooms.title")}>
      <search>
        <SearchField
          label={t("rooms.search")}
          keys={searchKeys}
          value={search}
          onValue={setSearch}
          onKeyDown={onSearchKey}
        />
      </search>
      <ul
        ref={rows}
        className={styles.list}
        onKeyDown={onRowKey}
        onFocus={({ target }) => setActive(target.dataset.item ?? target.closest("li")?.dataset.item ?? null)}
      >
        {shown.map((room) => (
          <li key={room.item} data-item={room.item}>
            <RoomLink
              room={room}
              current={room.item === current}
              href={hrefOf?.(room.item)}
              onOpen={onOpen === undefined ? undefined : open}
              isStop={room.item === stop}
            />
          </li>
        ))}
        {toCreate !== null && onOpen !== undefined && (
          <li>
            <button
              type="button"
              className={styles.create}
              tabIndex={stop === undefined ? 0 : -1}
              onClick={() => open(toCreate)}
            >
              {t("rooms.create", { item: toCreate })}
            </button>
          </li>
        )}
      </ul>
      {list.hasMore && search.trim() === "" && (
        <button type="button" className={styles.more} onClick={() => void list.loadMore().catch(ignore)}>
          {t("rooms.showMore")}
        </button>
      )}
      {isKnown && shown.length === 0 && !(toCreate !== null && result.status === "idle") && (
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
  readonly keys: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
};

function SearchField({ label, keys, value, onValue, onKeyDown }: SearchFieldProps) {
  const id = useId();
  return (
    <div className={styles.box}>
      <Icon path={SEARCH} />
      <input
        id={id}
        className={styles.search}
        type="search"
        value={value}
        placeholder={label}
        aria-label={label}
        autoComplete="off"
        autoCapitalize="off"
        enterKeyHint="go"
        spellCheck={false}
        onChange={(event) => onValue(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {keys !== undefined && (
        <span className={styles.keys} aria-hidden="true">
          {keys}
        </span>
      )}
    </div>
  );
}

function rowsOf(list: HTMLElement | null): readonly HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>("a, button") ?? [])];
}

function focusRow(list: HTMLElement | null, index: number): void {
  rowsOf(list)[index]?.focus();
}

/** The same button loads a page again that could not be loaded. */
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
