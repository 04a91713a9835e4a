// What a message costs to read grows with its length, whatever it says.
import { expect, test } from "vitest";
import { parse } from "../packages/react/src/messages/markdown";
import { partOf } from "../packages/react/src/messages/part";
import { workRatio } from "./work";

const WALLS: Record<string, (n: number) => string> = {
  stars: (n) => "*".repeat(n),
  "stars and letters": (n) => "*a".repeat(n / 2),
  "double stars": (n) => "**a ".repeat(n / 4),
  "double stars that close at the end": (n) => `${"**a".repeat(n / 3)}b** `,
  ticks: (n) => "`".repeat(n),
  "ticks on lines": (n) => "`a\n".repeat(n / 3),
  underscores: (n) => " _a".repeat(n / 3),
  fences: (n) => "```\na\n".repeat(n / 6),
  schemes: (n) => "https://".repeat(n / 8),
  "one address of dots": (n) => `https://a${".".repeat(n)}/`,
  "closing brackets": (n) => `http://a${")".repeat(n)}`,
  "opening brackets": (n) => "[".repeat(n),
  "links that do not end": (n) => "[a](".repeat(n / 4),
  "brackets and addresses": (n) => "http://a(".repeat(n / 9),
  quotes: (n) => ">".repeat(n),
  "lines of quotes": (n) => "> a\n".repeat(n / 4),
  "lists in lists": (n) => "- ".repeat(n / 2),
  "items of a list": (n) => "- a\n".repeat(n / 4),
  tildes: (n) => "~~a".repeat(n / 3),
  "lines without marks": (n) => "a\n".repeat(n / 2),
  "one line behind a star": (n) => `*${"a".repeat(n)}`,
};

test.each(Object.keys(WALLS))("reading a wall of %s costs in proportion to its length", (name) => {
  const wall = WALLS[name] ?? String;

  expect(workRatio((n) => parse(wall(n)), 16_384)).toBeLessThan(10);
  expect(workRatio((n) => partOf(wall(n)), 16_384)).toBeLessThan(10);
});
