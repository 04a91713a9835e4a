// Focuses the composer at the start, and when the reader types while nothing else takes keys.
import { type RefObject, useEffect } from "react";
import { isComposing } from "./keys";

/** Where there is no mouse, the focus would raise the keyboard of the screen over the messages. */
const HAS_MOUSE = "(hover: hover) and (pointer: fine)";
/** Elements that take keys themselves. */
const TAKES_KEYS = "input, textarea, select, [contenteditable], [role=textbox], dialog[open] *, dialog[open]";

export function useTypeAnywhere(field: RefObject<HTMLElement | null>, on: boolean): void {
  useEffect(() => {
    if (on && matchMedia(HAS_MOUSE).matches) field.current?.focus();
  }, [field, on]);

  useEffect(() => {
    if (!on) return;
    // The browser puts the character where the focus is after this event.
    const onKey = (event: KeyboardEvent) => isForComposer(event) && field.current?.focus();
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [field, on]);
}

function isForComposer(event: KeyboardEvent): boolean {
  const { key, target, ctrlKey, metaKey, altKey, defaultPrevented } = event;
  if (defaultPrevented || ctrlKey || metaKey || altKey || isComposing(event)) return false;
  // A named key has a longer name; the space bar presses buttons and scrolls.
  if ([...key].length !== 1 || key === " ") return false;
  return !(target instanceof Element) || !target.matches(TAKES_KEYS);
}
