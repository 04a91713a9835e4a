// What is open around a room: details at the side, the developer panel below; and the keys that open them.
import type { RoomHandle } from "alcove-react";
import { type RefObject, useCallback, useMemo, useState } from "react";
import { THREE_PANES } from "../shell/useMedia";
import { useShortcuts } from "../shortcuts/useShortcuts";
import { keep, kept } from "../ui/kept";

type Panels = {
  readonly details: boolean;
  readonly developer: boolean;
  readonly setDetails: (open: boolean) => void;
  readonly setDeveloper: (open: boolean) => void;
};

const isBeside = () => matchMedia(THREE_PANES).matches;

export function usePanels(room: RefObject<RoomHandle | null>): Panels {
  // Details that lie over the room are closed on entry: the room is what was asked for.
  const [details, showDetails] = useState(() => kept("details") === "on" && isBeside());
  const [developer, showDeveloper] = useState(() => kept("wire") === "on");

  const setDetails = useCallback((open: boolean) => {
    showDetails(open);
    if (isBeside()) keep("details", open ? "on" : null);
  }, []);

  const setDeveloper = useCallback((open: boolean) => {
    showDeveloper(open);
    keep("wire", open ? "on" : null);
    // It opens below the room, which details that lie over it would hide.
    if (open && !isBeside()) showDetails(false);
  }, []);

  useShortcuts(
    useMemo(
      () => ({
        details: () => setDetails(!details),
        developer: () => setDeveloper(!developer),
        end: () => room.current?.scrollToEnd(),
      }),
      [room, details, developer, setDetails, setDeveloper],
    ),
  );

  return { details, developer, setDetails, setDeveloper };
}
