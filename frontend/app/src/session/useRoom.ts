// The one bridge from a room to React.

import type { Room, RoomView, WireLog, WireView } from "alcove-client";
import { useEffect, useSyncExternalStore } from "react";
import { useSession } from "./session";

/** The item's room, live for as long as the component is shown; it is drawn again when the room changes. */
export function useRoom(itemId: string): { readonly room: Room; readonly view: RoomView } {
  const { rooms } = useSession();
  if (rooms === null) throw new Error("useRoom() needs a credential: show the Connect card first");
  const room = rooms.open(itemId);
  useEffect(() => room.hold(), [room]);
  return { room, view: useSyncExternalStore(room.subscribe, room.view) };
}

/** The lines of a room's wire, as they come. */
export function useWire(wire: WireLog): WireView {
  return useSyncExternalStore(wire.subscribe, wire.view);
}
