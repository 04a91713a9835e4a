// What the top of the log shows over its lines: the day, and nothing of a line that is half out of sight.
import type { VirtualizerHandle } from "virtua";
import type { Line } from "./lines";

type Places = Pick<VirtualizerHandle, "findItemIndex" | "getItemOffset" | "getItemSize">;

/** The space above the first line, the height of the day, and what both cover with their fade, in px. */
const PADDING = 4;
const DAY = 28;
const BAND = 40;

/**
 * Return a time of the day to show, null while its divider is in sight; and down to where the first line that begins in
 * sight is, in px, 0 where lines fade out. RoomLog.module.css covers as much, or of a high line its cut text alone.
 *
 * @param isStill whether the log rests at its end
 */
export function topEdgeOf(
  lines: readonly Line[],
  list: Places,
  offset: number,
  isStill: boolean,
): [day: number | null, cover: number] {
  const top = offset - PADDING;
  if (top <= 0) return [null, 0];
  const day = dayAbove(lines, list, top);
  const edge = day === null ? 0 : DAY;
  const index = list.findItemIndex(top + edge + 1);
  const begin = list.getItemOffset(index) - top;
  const whole = begin < edge - 1 ? begin + list.getItemSize(index) : edge;
  return [day, isStill ? whole : 0];
}

/** The next day takes the place of the last one where its divider arrives there: never are two in sight. */
function dayAbove(lines: readonly Line[], list: Places, top: number): number | null {
  for (let at = list.findItemIndex(top + BAND); at >= 0; at -= 1) {
    const line = lines[at];
    if (line?.type === "day") return list.getItemOffset(at) - top > -3 ? null : line.at;
  }
  return null;
}
