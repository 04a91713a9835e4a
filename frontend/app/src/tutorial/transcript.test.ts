// The bound on what is kept, and the count that goes on.
import { expect, test } from "vitest";
import { type Transcript, withLine } from "./transcript";

function said(...texts: string[]): Transcript {
  return texts.reduce<Transcript>((lines, text) => withLine(lines, text, 3), []);
}

test("lines are numbered from 1", () => {
  expect(said("a", "b")).toEqual([
    { n: 1, text: "a" },
    { n: 2, text: "b" },
  ]);
});

test("the oldest fall off at the limit and the numbers go on", () => {
  expect(said("a", "b", "c", "d", "e")).toEqual([
    { n: 3, text: "c" },
    { n: 4, text: "d" },
    { n: 5, text: "e" },
  ]);
});

test("a transcript is never changed in place", () => {
  const before = said("a");
  withLine(before, "b");

  expect(before).toEqual([{ n: 1, text: "a" }]);
});
