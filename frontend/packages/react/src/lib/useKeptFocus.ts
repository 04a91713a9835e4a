// Gives the focus another place when the element that has it goes away: it would fall to the body, where keys do nothing.
import { type RefObject, useEffect, useRef } from "react";
import { useLayout } from "./useLayout";

/**
 * Keep the focus within `root`: it moves to the next element around the one that went away that can have it, or to the
 * `fallback`. A reader who moves the focus out of `root` is left alone.
 */
export function useKeptFocus(
  root: RefObject<HTMLElement | null>,
  fallback: () => HTMLElement | null | undefined,
): void {
  /** The element that had the focus last, and those that were around it, inner ones first. */
  const last = useRef<readonly HTMLElement[]>([]);

  useEffect(() => {
    const element = root.current;
    const onFocus = ({ target }: FocusEvent) => {
      last.current = target instanceof HTMLElement ? pathOf(target, element) : [];
    };
    const onBlur = ({ target }: FocusEvent) =>
      // Some browsers report that an element goes away, too: it is still connected then.
      queueMicrotask(() => {
        const isLeft =
          target instanceof HTMLElement && target.isConnected && target !== document.activeElement;
        if (isLeft && last.current[0] === target) last.current = [];
      });
    element?.addEventListener("focusin", onFocus);
    element?.addEventListener("focusout", onBlur);
    return () => {
      element?.removeEventListener("focusin", onFocus);
      element?.removeEventListener("focusout", onBlur);
    };
  }, [root]);

  useLayout(() => {
    const [had, ...around] = last.current;
    const { activeElement, body } = document;
    if (had === undefined || had.isConnected || (activeElement !== null && activeElement !== body)) return;
    const place = around.find((one) => one.isConnected && one.hasAttribute("tabindex"));
    (place ?? fallback())?.focus({ preventScroll: true });
  });
}

function pathOf(target: HTMLElement, root: HTMLElement | null): readonly HTMLElement[] {
  const path: HTMLElement[] = [];
  for (let at: HTMLElement | null = target; at !== null && at !== root; at = at.parentElement) path.push(at);
  return path;
}
