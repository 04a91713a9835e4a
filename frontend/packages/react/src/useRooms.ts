// Reads the live list of rooms, and unread counts, in a React component.

import type { RoomList, RoomListState } from "alcove-client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { useAlcoveContext } from "./provider";

const serverState: RoomListState = { status: "idle", rooms: [], hasMore: false, unread: new Map() };
const getServerState = () => serverState;

/** Return the rooms that the member may read, the latest first, with unread counts; live while the component is mounted. */
export function useRooms(): RoomListState & Pick<RoomList, "loadMore" | "search"> {
  const { rooms } = useAlcoveContext().client;
  const state = useSyncExternalStore(rooms.subscribe, rooms.getState, getServerState);
  return useMemo(
    () => ({
      ...state,
      loadMore: () => rooms.loadMore(),
      search: (prefix: string) => rooms.search(prefix),
    }),
    [rooms, state],
  );
}

/** Return how many messages of others the member has not read in each of `items`; items that are not known yet are missing. */
export function useUnread(items: readonly string[]): ReadonlyMap<string, number> {
  const { rooms } = useAlcoveContext().client;
  const { unread } = useSyncExternalStore(rooms.subscribe, rooms.getState, getServerState);
  // The list of items is often another array at every render: its content counts.
  const names = items.join("\n");

  useEffect(() => (names === "" ? undefined : rooms.watchUnread(names.split("\n"))), [rooms, names]);

  const counts = names
    .split("\n")
    .map((item) => unread.get(item) ?? "")
    .join("\n");
  return useMemo(() => {
    const known = counts.split("\n");
    return new Map(
      names
        .split("\n")
        .flatMap((item, index) => (known[index] ? [[item, Number(known[index])] as const] : [])),
    );
  }, [names, counts]);
}
