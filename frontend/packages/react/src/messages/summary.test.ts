// What stands for a body in few words.

import type { Json } from "alcove-client";
import { expect, test } from "vitest";
import { summaryOf } from "./summary";

test.each<[Json | undefined, string]>([
  ["words", "words"],
  ["a".repeat(50), "a".repeat(40)],
  [undefined, ""],
  [null, "null"],
  [{ order: 17, lines: ["a", "b"] }, '{"order":17,"lines":["a","b"]}'],
  [[[[[[1]]]]], "[[[[[…]]]]]"],
  [Array(1000).fill(1), "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"],
])("%j becomes %j", (body, words) => {
  expect(summaryOf(body, 40)).toBe(words);
});

test("a body nested thousands of levels deep has a summary", () => {
  const deep = JSON.parse("[".repeat(30_000) + "]".repeat(30_000)) as Json;

  expect(summaryOf(deep, 40)).toBe("[[[[[…]]]]]");
});
