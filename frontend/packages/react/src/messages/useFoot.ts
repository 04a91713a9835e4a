// The foot of a log: kept in sight for whoever stands there, and never forced upon whoever has left it.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** How far from the foot, in pixels, still counts as standing there. */
const NEAR = 48;

type Foot = {
  readonly atFoot: boolean;
  /** Go there, from wherever one reads. */
  readonly toFoot: () => void;
  /** To be told whenever the log was scrolled, by whomever. */
  readonly scrolled: () => void;
};

/**
 * `lowest` names the last line. Lines are drawn before their heights are known, so the foot moves again and again
 * after one has come to it: whoever stands there is taken along. To have left it means to have moved up, not that
 * it moved down.
 */
export function useFoot(scroller: RefObject<HTMLElement | null>, lowest: string | undefined): Foot {
  const [atFoot, setAtFoot] = useState(true);
  /** How far the log was scrolled when it was last brought to its foot. */
  const stood = useRef<number | null>(null);

  const toFoot = useCallback(() => {
    stood.current = null;
    setAtFoot(true);
  }, []);

  const stay = useCallback(() => {
    const log = scroller.current;
    if (log === null) return;
    // The event that tells of a reader's scrolling may be yet to come.
    if (hasLeft(log, stood.current)) {
      setAtFoot(false);
      return;
    }
    log.scrollTop = log.scrollHeight;
    stood.current = log.scrollTop;
  }, [scroller]);

  const scrolled = useCallback(() => {
    const log = scroller.current;
    if (log === null) return;
    setAtFoot((before) => {
      if (before) return !hasLeft(log, stood.current);
      if (distance(log) >= NEAR) return false;
      stood.current = null;
      return true;
    });
  }, [scroller]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new lowest line is what calls for it
  useLayoutEffect(() => {
    if (atFoot) stay();
  }, [atFoot, lowest, stay]);

  // Heights that become known, who has seen what, and a composer that grows move the foot.
  useEffect(() => {
    const log = scroller.current;
    if (log === null || !atFoot) return;
    const resized = new ResizeObserver(stay);
    for (const element of [log, ...log.children]) resized.observe(element);
    return () => resized.disconnect();
  }, [scroller, atFoot, stay]);

  return { atFoot, toFoot, scrolled };
}

function distance(log: HTMLElement): number {
  return log.scrollHeight - log.clientHeight - log.scrollTop;
}

function hasLeft(log: HTMLElement, stood: number | null): boolean {
  return stood !== null && log.scrollTop < stood - 1 && distance(log) >= NEAR;
}
