// Keys of the page: combinations only, so that typed text never triggers one (WCAG 2.1.4); and End.
import { useEffect } from "react";

export type Shortcut = "search" | "help" | "details" | "developer" | "end";

/** Whether this is a computer whose combinations are with ⌘, where Ctrl moves the caret. */
export const isApple = /Mac|iP(?:hone|ad|od)/.test(navigator.platform);

/** Whether the keys of a region that scrolls by itself are pressed in it; the messages' own are the page's. */
function isElsewhere(target: EventTarget | null): boolean {
  const region = target instanceof Element ? target.closest("[tabindex='0']") : null;
  return region !== null && region.getAttribute("role") !== "log";
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
}

function shortcutOf(event: KeyboardEvent): Shortcut | null {
  const { key, code, altKey, shiftKey, target } = event;
  const combined = isApple ? event.metaKey : event.ctrlKey;
  if (altKey) return null;
  if (!combined)
    return key === "End" && !shiftKey && !isWriting(target) && !isElsewhere(target) ? "end" : null;
  if (key.toLowerCase() === "k" && !shiftKey) return "search";
  // Where it is on the keyboard: with Shift it is another character in every layout.
  if (code === "Period") return shiftKey ? "developer" : "details";
  return key === "/" ? "help" : null;
}

/** Call the function of a shortcut when its keys are pressed. `actions` must be the same object until they change. */
export function useShortcuts(actions: Readonly<Partial<Record<Shortcut, () => void>>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const shortcut = event.defaultPrevented ? null : shortcutOf(event);
      const act = shortcut === null ? undefined : actions[shortcut];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [actions]);
}
