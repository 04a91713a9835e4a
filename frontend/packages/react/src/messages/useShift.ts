// Tells the virtual list from which end it keeps its position.
import { useRef } from "react";
import type { Line } from "./lines";

/**
 * Return whether lines were added or removed at the front since the last render: then the list keeps its position from
 * the end. Where none of the lines before is left, there is no position to keep.
 */
export function useShift(lines: readonly Line[]): boolean {
  const last = useRef<{ lines: readonly Line[]; shift: boolean }>({ lines, shift: false });
  if (last.current.lines !== lines) {
    const before = last.current.lines;
    const end = before.findLast(isMessage)?.key;
    const kept = end !== undefined && lines.some((line) => isMessage(line) && line.key === end);
    last.current = { lines, shift: kept && before.find(isMessage)?.key !== lines.find(isMessage)?.key };
  }
  return last.current.shift;
}

function isMessage({ type }: Line): boolean {
  return type === "message";
}
