// What is open around a room: details at the side, the developer panel below; and the keys that open them.
import type { RoomHandle } from "alcove-react";
import { type RefObject, useCallback, useMemo, useState } from "react";
import { THREE_PANES } from "../shell/useMedia";
import { useShortcuts } from "../shortcuts/useShortcuts";
import { keep, kept } from "../ui/kept";

/** A part of the developer panel. */
export type DeveloperTab = "frames" | "connections" | "embed";

type Panels = {
  readonly details: boolean;
  /** The part of the developer panel that is shown; null while it is closed. */
  readonly developer: DeveloperTab | null;
  readonly setDetails: (open: boolean) => void;
  readonly setDeveloper: (tab: DeveloperTab | null) => void;
};

const isBeside = () => matchMedia(THREE_PANES).matches;

export function usePanels(room: RefObject<RoomHandle | null>): Panels {
  // Details that lie over the room are closed on entry: the room is what was asked for.
  const [details, showDetails] = useState(() => kept("details") === "on" && isBeside());
  const [developer, showDeveloper] = useState<DeveloperTab | null>(() =>
    kept("wire") === "on" ? "frames" : null,
  );

  const setDetails = useCallback((open: boolean) => {
    showDetails(open);
    if (isBeside()) keep("details", open ? "on" : null);
  }, []);

  const setDeveloper = useCallback((tab: DeveloperTab | null) => {
    showDeveloper(tab);
    // The code is looked up once; frames are watched from visit to visit.
    keep("wire", tab === null || tab === "embed" ? null : "on");
    // It opens below the room, which details that lie over it would hide.
    if (tab !== null && !isBeside()) showDetails(false);
  }, []);

  useShortcuts(
    useMemo(
      () => ({
        details: () => setDetails(!details),
        developer: () => setDeveloper(developer === null ? "frames" : null),
        end: () => room.current?.scrollToEnd(),
      }),
      [room, details, developer, setDetails, setDeveloper],
    ),
  );

  return { details, developer, setDetails, setDeveloper };
}
