// What counts as a mark, and what stays as it was written.
import { expect, test } from "vitest";
import { type Piece, piecesOf } from "./markup";

const text = (words: string): Piece => ({ is: "text", text: words });
const link = (address: string): Piece => ({ is: "link", text: address, href: address });

test.each<[string, Piece[]]>([
  ["plain\nwords", [text("plain\nwords")]],
  ["`a*b*`", [{ is: "code", text: "a*b*" }]],
  ["`a\nb`", [text("`a\nb`")]],
  ["```ts\nlet a = 1;\n```", [{ is: "block", text: "let a = 1;" }]],
  [
    "**bold** _and_ *soft*",
    [
      { is: "strong", text: "bold" },
      text(" "),
      { is: "em", text: "and" },
      text(" "),
      { is: "em", text: "soft" },
    ],
  ],
  ["see https://a.b/c?d=e.", [text("see "), link("https://a.b/c?d=e"), text(".")]],
  ["snake_case_name 2 * 3 * 4", [text("snake_case_name 2 * 3 * 4")]],
  ["javascript:alert(1) <b>x</b>", [text("javascript:alert(1) <b>x</b>")]],
  ["**open *soft*", [text("**open "), { is: "em", text: "soft" }]],
])("%j", (words, pieces) => {
  expect(piecesOf(words)).toEqual(pieces);
});

test.each([
  [
    "https://en.wikipedia.org/wiki/Alcove_(architecture)",
    "https://en.wikipedia.org/wiki/Alcove_(architecture)",
  ],
  ["(see https://a.b/c_(d))", "https://a.b/c_(d)"],
  ["(https://a.b/c).", "https://a.b/c"],
  ["https://a.b/c[1].", "https://a.b/c[1]"],
  ["[words](https://a.b/c)", "https://a.b/c"],
  ["https://a.b/c(", "https://a.b/c"],
  ["見て https://a.b/c。次", "https://a.b/c"],
  ["（https://a.b/c）と", "https://a.b/c"],
  ["https://a.b/c，再见", "https://a.b/c"],
  ["https://a.b/c！", "https://a.b/c"],
  ["«https://a.b/c»", "https://a.b/c"],
  ["https://a.b/路径/ñ", "https://a.b/路径/ñ"],
  ["HTTPS://A.B/c", "HTTPS://A.B/c"],
])("the address in %s is %s", (words, address) => {
  expect(piecesOf(words).filter(({ is }) => is === "link")).toEqual([link(address)]);
});

test("two addresses in brackets are two links", () => {
  expect(piecesOf("(https://a.b)(https://c.d)").filter(({ is }) => is === "link")).toEqual([
    link("https://a.b"),
    link("https://c.d"),
  ]);
});

test.each(["http://", "https://...", "https:// a"])("%j holds no address", (words) => {
  expect(piecesOf(words)).toEqual([text(words)]);
});

test.each([
  ["```only\n```", "only"],
  ["```only```", "only"],
  ["```two words\n```", "two words"],
  ["```two words\nmore```", "two words\nmore"],
  ["```c++\nint a;\n```", "int a;"],
])("the fence %j shows %j", (words, shown) => {
  expect(piecesOf(words)).toEqual([{ is: "block", text: shown }]);
});

test("marks that find no end stay as they were written", () => {
  const words = "``` ** * _ __ http:// **b* c_ *";

  expect(piecesOf(words)).toEqual([text(words)]);
});
