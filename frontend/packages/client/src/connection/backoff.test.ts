// Jitter under a growing ceiling.
import { expect, test } from "vitest";
import { backoff, LONGEST_MS, SHORTEST_MS } from "./backoff";

const almostOne = () => 1 - Number.EPSILON;

test("no wait is shorter than half a second, however lucky", () => {
  expect([0, 1, 5, 50].map((attempt) => backoff(attempt, () => 0))).toEqual([500, 500, 500, 500]);
});

test("the ceiling doubles up to twenty seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoff(attempt, almostOne))).toEqual([
    1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000,
  ]);
});

test("a crowd comes back spread over the whole range", () => {
  const waits = Array.from({ length: 100 }, (_, i) => backoff(9, () => i / 100));

  expect(new Set(waits).size).toBe(100);
  expect(Math.min(...waits)).toBe(SHORTEST_MS);
  expect(Math.max(...waits)).toBeLessThan(LONGEST_MS);
});
