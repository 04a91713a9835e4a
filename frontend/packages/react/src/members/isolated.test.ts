// A name in a sentence keeps its direction to itself.
import { expect, test } from "vitest";
import { isolated } from "./isolated";

test.each([
  ["Ada", "Ada"],
  ["\u202eevil", "\u2068evil\u2069"],
  ["a\u2069\u202eb", "\u2068ab\u2069"],
  ["עדה", "\u2068עדה\u2069"],
])("%j", (name, shown) => {
  expect(isolated(name)).toBe(shown);
});
