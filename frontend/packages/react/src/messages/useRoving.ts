// Moves through the messages by ↑ and ↓: the log is one stop of Tab, at the message that had the focus last.
import { type FocusEvent, type KeyboardEvent, type RefObject, useCallback, useEffect, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { Line } from "./lines";

/** How many frames are waited for: a line is hidden until the list has measured it, and takes no focus. */
const FRAMES = 120;

type Roving = {
  /** The key of the line where Tab stops; null: at the log itself. */
  readonly stop: string | null;
  /** Its index, to be kept in the document wherever the reader scrolls. */
  readonly mounted: readonly number[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
  /** Move the focus to a line, once it is rendered. */
  readonly focusLine: (key: string) => void;
};

export function useRoving(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
  lines: readonly Line[],
): Roving {
  const [active, setActive] = useState<string | null>(null);
  /** The line to be focused once it is rendered. */
  const [wanted, setWanted] = useState<string | null>(null);
  const index = active === null ? -1 : lines.findIndex(({ key }) => key === active);

  useEffect(() => {
    if (wanted === null) return;
    let frame = 0;
    let framesLeft = FRAMES;
    const focus = () => {
      const articles = scroller.current?.querySelectorAll<HTMLElement>("article") ?? [];
      const found = [...articles].find(({ dataset }) => dataset.line === wanted);
      found?.focus({ preventScroll: true });
      framesLeft -= 1;
      if (found !== document.activeElement && framesLeft > 0) {
        frame = requestAnimationFrame(focus);
        return;
      }
      found?.scrollIntoView({ block: "nearest" });
      setWanted(null);
    };
    focus();
    return () => cancelAnimationFrame(frame);
  }, [scroller, wanted]);

  const onFocus = useCallback(({ target }: FocusEvent) => {
    const line = target.closest<HTMLElement>("article")?.dataset.line;
    if (line !== undefined) setActive(line);
  }, []);

  const focusLine = useCallback((key: string) => {
    setActive(key);
    setWanted(key);
  }, []);

  function move(step: 1 | -1) {
    // From the log itself: to the lowest visible message.
    const from = index >= 0 ? index + step : lowestIn(list.current, lines.length);
    for (let at = from; at >= 0 && at < lines.length; at += step) {
      const line = lines[at];
      if (line?.type !== "message") continue;
      list.current?.scrollToIndex(at, { align: "nearest" });
      focusLine(line.key);
      return;
    }
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { target, currentTarget, key } = event;
    if (!(target instanceof HTMLElement)) return;
    const button = target.closest<HTMLElement>("[role=toolbar] button");
    const isMessage = target.matches("article");
    if (button !== null) {
      if (key === "ArrowRight") next(button)?.focus();
      else if (key === "ArrowLeft") (previous(button) ?? target.closest<HTMLElement>("article"))?.focus();
      else if (key === "Escape") target.closest<HTMLElement>("article")?.focus();
      else return;
      // Not by Enter: pressed once more after an edit, it would open the edit again.
    } else if (isMessage && key === "ArrowRight")
      target.querySelector<HTMLElement>("[role=toolbar] button")?.focus();
    else if ((isMessage || target === currentTarget) && key === "ArrowUp") move(-1);
    else if ((isMessage || target === currentTarget) && key === "ArrowDown") move(1);
    else return;
    event.preventDefault();
  }

  const stop = index < 0 ? null : active;
  return { stop, mounted: index < 0 ? [] : [index], onKeyDown, onFocus, focusLine };
}

function lowestIn(list: VirtualizerHandle | null, count: number): number {
  if (list === null) return count - 1;
  return Math.min(count - 1, list.findItemIndex(list.scrollOffset + list.viewportSize - 1));
}

const next = (button: HTMLElement) => button.nextElementSibling as HTMLElement | null;
const previous = (button: HTMLElement) => button.previousElementSibling as HTMLElement | null;
