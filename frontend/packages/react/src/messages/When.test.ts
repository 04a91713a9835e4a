// How long ago, in as few words as its place allows.
import { expect, test } from "vitest";
import { relative } from "./When";

const now = new Date(2026, 10, 25, 12, 0).getTime();
const minutes = (count: number) => now - count * 60_000;

test.each([
  [minutes(0), false, "this minute"],
  [minutes(13), false, "13 minutes ago"],
  [minutes(13), true, /^13\s?m(in)?\.? ago$/u],
  [minutes(90), true, /10:30/u],
  [minutes(60 * 24 * 3), false, /12:00/u],
  [minutes(60 * 24 * 3), true, /11\/22/u],
  [now + 5000, false, "this minute"],
] as const)("%i, alone %j: %s", (at, alone, words) => {
  expect(relative(at, now, "en", alone)).toMatch(words);
});
