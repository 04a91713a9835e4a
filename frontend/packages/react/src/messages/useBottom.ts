// Keeps the bottom of a log in view for a reader who is there, and never scrolls for a reader who is not.
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useLayout } from "../lib/useLayout";

/** How far from the bottom still counts as being there, in px. */
const NEAR = 48;
/** How long a browser animates a scroll by keys, at most, in ms. */
const ANIMATION_MS = 500;
/** Events by which a reader begins to scroll, and how long they may go on to scroll, in ms. */
const INPUTS = ["wheel", "touchmove", "pointerdown", "keydown"] as const;
const INPUT_MS = 1000;

type Bottom = {
  readonly atBottom: boolean;
  /** Go to the bottom, from any position. */
  readonly toBottom: () => void;
  /** The page is about to show another place of the log. */
  readonly leaveBottom: () => void;
  /** To be called whenever the log was scrolled, by the reader or the page. */
  readonly scrolled: () => void;
};

/** The log's size when it was last scrolled to its bottom. */
type Kept = { readonly top: number; readonly content: number; readonly view: number };

/**
 * Lines are rendered before their heights are known, and the log gets another size with the window and the composer: the
 * bottom moves, and a reader who is there is moved along. Only a scroll of a log whose size stayed, or one that follows
 * an input of the reader, leaves the bottom; after a change of size the browser moves the log by itself.
 *
 * @param scroller the element that scrolls
 * @param last the key of the last line
 */
export function useBottom(scroller: RefObject<HTMLElement | null>, last: string | undefined): Bottom {
  const [atBottom, setAtBottom] = useState(true);
  /** `atBottom` at once: a callback may come before the next render. */
  const following = useRef(true);
  const kept = useRef<Kept | null>(null);
  /** Until when the log is kept at its bottom, or away from it, as `performance.now()` counts. */
  const pinnedUntil = useRef(0);
  const leavingUntil = useRef(0);
  const inputAt = useRef(Number.NEGATIVE_INFINITY);

  const follow = useCallback((on: boolean) => {
    following.current = on;
    setAtBottom(on);
  }, []);

  const stay = useCallback(() => {
    const log = scroller.current;
    if (log === null || !following.current) return;
    // The event for the reader's own scrolling may not have come yet.
    const reading = performance.now() - inputAt.current < INPUT_MS;
    if (performance.now() >= pinnedUntil.current && hasLeft(log, kept.current, reading)) {
      follow(false);
      return;
    }
    log.scrollTop = log.scrollHeight;
    kept.current = { top: log.scrollTop, content: log.scrollHeight, view: log.clientHeight };
  }, [scroller, follow]);

  const toBottom = useCallback(() => {
    kept.current = null;
    // An animated scroll that started before would continue, and scroll away again.
    pinnedUntil.current = performance.now() + ANIMATION_MS;
    follow(true);
  }, [follow]);

  const scrolled = useCallback(() => {
    const log = scroller.current;
    if (log === null) return;
    const now = performance.now();
    if (following.current) {
      const reading = now - inputAt.current < INPUT_MS;
      if (now >= pinnedUntil.current && hasLeft(log, kept.current, reading)) follow(false);
      else if (now < pinnedUntil.current || (!reading && isResized(log, kept.current))) stay();
    } else if (now >= leavingUntil.current && distance(log) < NEAR) {
      kept.current = null;
      follow(true);
    }
  }, [scroller, stay, follow]);

  const leaving = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const leaveBottom = useCallback(() => {
    leavingUntil.current = performance.now() + ANIMATION_MS;
    follow(false);
    clearTimeout(leaving.current);
    // The other place may be so low that the bottom is in view there, too.
    leaving.current = setTimeout(scrolled, ANIMATION_MS + 1);
  }, [follow, scrolled]);
  useEffect(() => () => clearTimeout(leaving.current), []);

  useEffect(() => {
    const log = scroller.current;
    const onInput = () => {
      pinnedUntil.current = 0;
      inputAt.current = performance.now();
    };
    for (const input of INPUTS) log?.addEventListener(input, onInput, { passive: true });
    return () => {
      for (const input of INPUTS) log?.removeEventListener(input, onInput);
    };
  }, [scroller]);

  // The bottom moves when the last line changes.
  useLayout(() => {
    if (atBottom) stay();
  }, [atBottom, last, stay]);

  // Heights that become known, images, and a composer that grows move the bottom.
  useEffect(() => {
    const log = scroller.current;
    if (log === null || !atBottom) return;
    const resized = new ResizeObserver(stay);
    for (const element of [log, ...log.children]) resized.observe(element);
    return () => resized.disconnect();
  }, [scroller, atBottom, stay]);

  return { atBottom, toBottom, leaveBottom, scrolled };
}

/** Return how far the log is scrolled from its bottom, in px. */
export function distance(log: HTMLElement): number {
  return log.scrollHeight - log.clientHeight - log.scrollTop;
}

function isResized(log: HTMLElement, kept: Kept | null): boolean {
  return kept !== null && (log.scrollHeight !== kept.content || log.clientHeight !== kept.view);
}

function hasLeft(log: HTMLElement, kept: Kept | null, reading: boolean): boolean {
  if (kept === null || log.scrollTop >= kept.top - 1 || distance(log) < NEAR) return false;
  return reading || !isResized(log, kept);
}
