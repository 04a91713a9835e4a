// The top of the log: one day in sight, and at rest no part of a line.
import { expect, test } from "vitest";
import type { Line } from "./lines";
import { topEdgeOf } from "./topEdge";

const NOON = Date.UTC(2026, 0, 1, 12);
const DAY_MS = 86_400_000;

/** Return lines with their heights: a day, messages, the next day, messages. */
function log(heights: readonly number[]) {
  const lines = heights.map((_, index): Line => {
    const isDay = index === 0 || index === 3;
    return isDay
      ? { type: "day", key: `${index}`, at: NOON + index * DAY_MS }
      : { type: "unread", key: `${index}` };
  });
  const offsets = heights.map((_, index) => heights.slice(0, index).reduce((sum, height) => sum + height, 0));
  const list = {
    findItemIndex: (offset: number) => offsets.findLastIndex((begin) => begin <= offset),
    getItemOffset: (index: number) => offsets[index] ?? 0,
    getItemSize: (index: number) => heights[index] ?? 0,
  };
  return (offset: number, isStill = false) => topEdgeOf(lines, list, offset + 4, isStill);
}

const edge = log([30, 100, 70, 30, 60, 24, 24]); // the second day is at 200

test("a day is shown until the next divider arrives, and is replaced when that has gone", () => {
  expect(edge(100)[0]).toBe(NOON);
  for (const offset of [161, 180, 190, 196, 200, 202]) expect(edge(offset)[0]).toBeNull();
  expect(edge(204)[0]).toBe(NOON + 3 * DAY_MS);
});

test("at rest the cover ends where a line begins", () => {
  expect(edge(220, true)[1]).toBe(70); // the line from 230 to 290 has 42 px below the day
  expect(edge(262, true)[1]).toBe(28);
  expect(edge(270, true)[1]).toBe(44);
  expect(edge(60, true)[1]).toBe(70);
  expect(edge(31, true)[1]).toBe(99);
  expect(edge(270)[1]).toBe(0);
});
