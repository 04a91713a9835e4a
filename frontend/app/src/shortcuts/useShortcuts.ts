// Keys that work while nothing is being written.
import { useEffect } from "react";

/** Whether the keys of a region that scrolls by itself are pressed in it; the messages' own are the page's. */
function isElsewhere(target: EventTarget | null): boolean {
  const region = target instanceof Element ? target.closest("[tabindex='0']") : null;
  return region !== null && region.getAttribute("role") !== "log";
}

/** `keys`: what to do on which key, as `KeyboardEvent.key` names it in lower case. */
export function useShortcuts(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      const writing =
        target instanceof HTMLInputElement ||
        target instanceof HTMLTextAreaElement ||
        (target instanceof HTMLElement && target.isContentEditable);
      const act = keys[key.toLowerCase()];
      if (
        writing ||
        (key === "End" && isElsewhere(target)) ||
        act === undefined ||
        ctrlKey ||
        metaKey ||
        altKey
      )
        return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [keys]);
}
