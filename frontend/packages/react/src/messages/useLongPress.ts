// A long press of a finger.
import { type PointerEvent, useEffect, useMemo, useRef } from "react";

/** How long a finger stays, in ms, and how far it may move meanwhile, in px. */
const LONG_MS = 500;
const STILL_PX = 10;

/** Return the handlers of the element that is pressed. */
export function useLongPress(onLongPress: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const start = useRef({ x: 0, y: 0 });
  const act = useRef(onLongPress);
  act.current = onLongPress;

  useEffect(() => () => clearTimeout(timer.current), []);

  return useMemo(() => {
    const cancel = () => clearTimeout(timer.current);
    return {
      onPointerDown: ({ pointerType, clientX, clientY }: PointerEvent) => {
        cancel();
        if (pointerType !== "touch") return;
        start.current = { x: clientX, y: clientY };
        timer.current = setTimeout(() => act.current(), LONG_MS);
      },
      onPointerMove: ({ clientX, clientY }: PointerEvent) => {
        if (Math.hypot(clientX - start.current.x, clientY - start.current.y) > STILL_PX) cancel();
      },
      onPointerUp: cancel,
      // The browser begins to scroll.
      onPointerCancel: cancel,
    };
  }, []);
}
