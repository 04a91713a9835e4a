// What stands for a body in few words.

import type { Json } from "alcove-client";
import { expect, test } from "vitest";
import { plainSummaryOf, summaryOf } from "./summary";

test.each<[Json | undefined, string]>([
  ["words", "words"],
  ["a".repeat(50), "a".repeat(40)],
  [undefined, ""],
  [null, "null"],
  [{ order: 17, lines: ["a", "b"] }, '{order: 17, lines: ["a", "b"]}'],
  [{ "two words": null }, '{"two words": null}'],
  [[[[[[1]]]]], "[[[[[…]]]]]"],
  [Array(1000).fill(1), "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "],
])("%j becomes %j", (body, words) => {
  expect(summaryOf(body, 40)).toBe(words);
});

test("a body nested thousands of levels deep has a summary", () => {
  const deep = JSON.parse("[".repeat(30_000) + "]".repeat(30_000)) as Json;

  expect(summaryOf(deep, 40)).toBe("[[[[[…]]]]]");
});

test.each([
  ["Has the parcel for **Avenida 9** been *shipped*?", "Has the parcel for Avenida 9 been shipped?"],
  ["- first box: glasses\n- second box: the lamp", "first box: glasses\nsecond box: the lamp"],
  ["> a quote\n1. one\n~~gone~~ `print-label`", "a quote\none\ngone print-label"],
  ["see [the parcel](https://example.org/4711)", "see the parcel"],
  ["```\ncode\n```", "code"],
  ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
])("%j is listed as %j", (body, text) => {
  expect(plainSummaryOf(body, 120)).toBe(text);
});

test("a list shows no more of a body than it has room for", () => {
  expect(plainSummaryOf("**a** ".repeat(100_000), 24)).toBe("a a a a");
  expect(plainSummaryOf({ order: 17 }, 20)).toBe("{order: 17}");
});
