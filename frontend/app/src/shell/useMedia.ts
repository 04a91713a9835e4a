// Whether the window is as a media query says.
import { useCallback, useSyncExternalStore } from "react";

/** One pane at a time: rooms and details are sheets. */
export const ONE_PANE = "(width < 720px)";
/** The header of a room has room for one button. */
export const PHONE = "(width < 480px)";
/** The details are beside the room, not over it. */
export const THREE_PANES = "(width >= 1120px)";

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
