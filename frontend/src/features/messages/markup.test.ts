// What counts as a mark, and what stays as it was written.
import { expect, test } from "vitest";
import { piecesOf } from "./markup";

test.each([
  ["plain\nwords", [{ is: "text", text: "plain\nwords" }]],
  ["`a*b*`", [{ is: "code", text: "a*b*" }]],
  ["```ts\nlet a = 1;\n```", [{ is: "block", text: "let a = 1;" }]],
  [
    "**bold** _and_ *soft*",
    [
      { is: "strong", text: "bold" },
      { is: "text", text: " " },
      { is: "em", text: "and" },
      { is: "text", text: " " },
      { is: "em", text: "soft" },
    ],
  ],
  [
    "see https://a.b/c?d=e.",
    [
      { is: "text", text: "see " },
      { is: "link", text: "https://a.b/c?d=e", href: "https://a.b/c?d=e" },
      { is: "text", text: "." },
    ],
  ],
  ["snake_case_name 2 * 3 * 4", [{ is: "text", text: "snake_case_name 2 * 3 * 4" }]],
  ["javascript:alert(1) <b>x</b>", [{ is: "text", text: "javascript:alert(1) <b>x</b>" }]],
])("%j", (text, pieces) => {
  expect(piecesOf(text)).toEqual(pieces);
});

test("a wall of marks is read in no time", () => {
  for (const wall of ["*".repeat(65536), "`".repeat(65536), "_a".repeat(32768), "https://".repeat(8192)]) {
    const started = performance.now();
    piecesOf(wall);

    expect(performance.now() - started).toBeLessThan(500);
  }
});
