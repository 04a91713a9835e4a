// Reads a room in a React component.

import type { Room, RoomState } from "alcove-client";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { shallowEqual } from "./lib/shallowEqual";
import { useAlcoveContext } from "./provider";

/** What a server renders: nothing is known of the room, and components show a skeleton. */
const serverState: RoomState = {
  status: "idle",
  error: null,
  retryAt: null,
  me: null,
  messages: [],
  history: { status: "idle", gap: null, wasReset: false },
  members: [],
  memberCount: 0,
  typing: [],
  reads: new Map(),
  joined: null,
  log: null,
  head: 0,
  limits: null,
  queued: 0,
  durable: true,
  transport: null,
};

/** Return the item's room, live as long as the component is mounted. */
export function useJoinedRoom(item: string): Room {
  const { client } = useAlcoveContext();
  const room = client.room(item);
  useEffect(() => room.join(), [room]);
  return room;
}

/**
 * Return the state of the item's room and the room itself, which is live as long as the component is mounted. The
 * component renders again when the state changes.
 */
export function useRoom(item: string): RoomState & { readonly room: Room };
/**
 * Return what `selector` takes from the room's state; the component renders again when that changes. Objects and arrays
 * are compared by their members.
 *
 * @example const count = useRoom("order-42", (state) => state.memberCount);
 */
export function useRoom<Selected>(item: string, selector: (state: RoomState) => Selected): Selected;
export function useRoom<Selected>(item: string, selector?: (state: RoomState) => Selected) {
  const room = useJoinedRoom(item);
  const selected = useSelected<unknown>(room, selector ?? identity);
  return selector === undefined ? { ...(selected as RoomState), room } : selected;
}

/** Return the room's state. */
export function useRoomState(room: Room): RoomState {
  return useSelected(room, identity);
}

const identity = (state: RoomState): RoomState => state;

function useSelected<Selected>(room: Room, selector: (state: RoomState) => Selected): Selected {
  const last = useRef<{ state: RoomState; selector: typeof selector; selected: Selected } | null>(null);

  const select = (state: RoomState): Selected => {
    const known = last.current;
    if (known?.state === state && known.selector === selector) return known.selected;
    let selected = selector(state);
    if (known !== null && shallowEqual(known.selected, selected)) selected = known.selected;
    last.current = { state, selector, selected };
    return selected;
  };

  return useSyncExternalStore(
    room.subscribe,
    () => select(room.getState()),
    () => select(serverState),
  );
}
