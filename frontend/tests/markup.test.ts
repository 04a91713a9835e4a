// What a message costs to read grows with its length, whatever it says.
import { expect, test } from "vitest";
import { piecesOf } from "../packages/react/src/messages/markup";
import { partOf } from "../packages/react/src/messages/part";
import { workRatio } from "./work";

const WALLS: Record<string, (n: number) => string> = {
  stars: (n) => "*".repeat(n),
  "stars and letters": (n) => "*a".repeat(n / 2),
  "double stars": (n) => "**a ".repeat(n / 4),
  ticks: (n) => "`".repeat(n),
  "ticks on lines": (n) => "`a\n".repeat(n / 3),
  underscores: (n) => " _a".repeat(n / 3),
  fences: (n) => "```a".repeat(n / 4),
  "blank fences": (n) => `\`\`\`\`${" ".repeat(n)}\`\`\`\``,
  schemes: (n) => "https://".repeat(n / 8),
  "one address of dots": (n) => `https://a${".".repeat(n)}/`,
  "closing brackets": (n) => `http://a${")".repeat(n)}`,
  "opening brackets": (n) => `http://a${"(".repeat(n)}`,
  "brackets and addresses": (n) => "http://a(".repeat(n / 9),
  "lines without marks": (n) => "a\n".repeat(n / 2),
  "one line behind a star": (n) => `*${"a".repeat(n)}`,
};

test.each(Object.keys(WALLS))("reading a wall of %s costs in proportion to its length", (name) => {
  const wall = WALLS[name] ?? String;

  expect(workRatio((n) => partOf(piecesOf(wall(n))), 16_384)).toBeLessThan(10);
});
