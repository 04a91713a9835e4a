// Keeps the bottom of a log in view for a reader who is there, and never moves a reader who has left it.
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useLayout } from "../lib/useLayout";

/** How far from the bottom still counts as being there, in px. */
const NEAR = 48;
/** How long a browser animates a scroll by keys, at most, in ms. */
const ANIMATION_MS = 500;
/** Events by which a reader begins to scroll. */
const INPUTS = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

type Bottom = {
  readonly atBottom: boolean;
  /** Go to the bottom, from any position. */
  readonly toBottom: () => void;
  /** To be called whenever the log was scrolled, by the reader or the page. */
  readonly scrolled: () => void;
};

/**
 * Lines are rendered before their heights are known, so the bottom moves several times after it was reached, and a
 * reader who is there is moved along. Leaving the bottom means that the reader moved up, not that the bottom moved down.
 *
 * @param scroller the element that scrolls
 * @param last the key of the last line
 */
export function useBottom(scroller: RefObject<HTMLElement | null>, last: string | undefined): Bottom {
  const [atBottom, setAtBottom] = useState(true);
  /** The scroll position when the log was last moved to its bottom. */
  const position = useRef<number | null>(null);

  /** Until when the log is kept at its bottom, as `performance.now()` counts. */
  const pinnedUntil = useRef(0);

  const toBottom = useCallback(() => {
    position.current = null;
    // An animated scroll that was begun before goes on in the browser, and would lead away again.
    pinnedUntil.current = performance.now() + ANIMATION_MS;
    setAtBottom(true);
  }, []);

  useEffect(() => {
    const log = scroller.current;
    const unpin = () => {
      pinnedUntil.current = 0;
    };
    for (const input of INPUTS) log?.addEventListener(input, unpin, { passive: true });
    return () => {
      for (const input of INPUTS) log?.removeEventListener(input, unpin);
    };
  }, [scroller]);

  const stay = useCallback(() => {
    const log = scroller.current;
    if (log === null) return;
    // The event for the reader's own scrolling may not have come yet.
    if (performance.now() >= pinnedUntil.current && hasLeft(log, position.current)) {
      setAtBottom(false);
      return;
    }
    log.scrollTop = log.scrollHeight;
    position.current = log.scrollTop;
  }, [scroller]);

  const scrolled = useCallback(() => {
    const log = scroller.current;
    if (log === null) return;
    if (performance.now() < pinnedUntil.current) {
      stay();
      return;
    }
    setAtBottom((before) => {
      if (before) return !hasLeft(log, position.current);
      if (distance(log) >= NEAR) return false;
      position.current = null;
      return true;
    });
  }, [scroller, stay]);

  // Another last line is what moves the bottom.
  useLayout(() => {
    if (atBottom) stay();
  }, [atBottom, last, stay]);

  // Heights that become known, read receipts, and a composer that grows move the bottom.
  useEffect(() => {
    const log = scroller.current;
    if (log === null || !atBottom) return;
    const resized = new ResizeObserver(stay);
    for (const element of [log, ...log.children]) resized.observe(element);
    return () => resized.disconnect();
  }, [scroller, atBottom, stay]);

  return { atBottom, toBottom, scrolled };
}

function distance(log: HTMLElement): number {
  return log.scrollHeight - log.clientHeight - log.scrollTop;
}

function hasLeft(log: HTMLElement, position: number | null): boolean {
  return position !== null && log.scrollTop < position - 1 && distance(log) >= NEAR;
}
