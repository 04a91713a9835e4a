// Regular expressions of the page run on what others wrote: each one's cost grows with its input and no faster.
import { Visitor } from "vite";
import { describe, expect, test } from "vitest";
import { sources } from "./sources";
import { workRatio } from "./work";

/** For each expression, inputs of a given length that make it work hardest. A new expression needs a line here. */
const HARDEST: Readonly<Record<string, readonly ((n: number) => string)[]>> = {
  "/Mac|iP(?:hone|ad|od)/": [(n) => "iP".repeat(n / 2), (n) => "Ma".repeat(n / 2)],
  "/\\p{M}/gu": [(n) => "\u0301".repeat(n), (n) => "a".repeat(n)],
  "/\\s+/": [(n) => " ".repeat(n), (n) => "a".repeat(n)],
  "/^\\/items\\/([^/]+)\\/?$/i": [(n) => `/items/${"a".repeat(n)}//`, (n) => "/items/".repeat(n / 7)],
  "/^([0-9a-f]{8})-([0-9a-f]{4})-7/": [(n) => "0".repeat(n), (n) => "01234567-0123-".repeat(n / 14)],
  "/^ {0,3}\\d{1,9}[.)] /mu": [
    (n) => "\n".repeat(n),
    (n) => "   123456789\n".repeat(n / 13),
    (n) => "1".repeat(n),
  ],
  "/^[\\p{L}\\p{M}\\p{Nd}._:@-]{1,128}$/u": [
    (n) => "a".repeat(n),
    (n) => `${"a".repeat(127)} `.repeat(n / 128),
  ],
  "/[\\u0590-\\u08ff\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]/u":
    [(n) => "a".repeat(n), (n) => "\ud801".repeat(n)],
  "/[\\u202a-\\u202e\\u2066-\\u2069]/gu": [(n) => "\u202e".repeat(n), (n) => "a".repeat(n)],
  "/^(.*)\\/embed\\/([^/]+)$/": [(n) => "/embed/".repeat(n / 7), (n) => "a".repeat(n)],
  "/^[\\w$-]+$/": [(n) => `${"a".repeat(n)} `],
  "/^[\\x21-\\x3b\\x3d-\\x7e]+$/": [(n) => `${"a".repeat(n)} `],
  "/url\\s*\\(|image|[;{}\\\\]/i": [
    (n) => "url".repeat(n / 3),
    (n) => `url${" ".repeat(n)}`,
    (n) => "imag".repeat(n / 4),
  ],
  "/^ {0,3}(?:>|[-+*]|\\d{1,9}[.)]) +|^```\\w*$|~~|`+|(?<!\\w)[*_]{1,3}(?=\\S)|(?<=\\S)[*_]{1,3}(?!\\w)/gmu":
    [
      (n) => `a${"_".repeat(n)}a`,
      (n) => " ".repeat(n),
      (n) => "\n   ".repeat(n / 4),
      (n) => `\`\`\`${"a".repeat(n)}.`,
    ],
  "/\\[([^[\\]\\n]*)\\]\\([^[)\\s]*\\)/gu": [
    (n) => "[".repeat(n),
    (n) => "[a](".repeat(n / 4),
    (n) => `[a](${"a".repeat(n)}`,
  ],
  "/^(api|embed|docs|redoc|openapi\\.json|asyncapi\\.json|healthz|readyz|metrics)(\\/|$)/": [
    (n) => "api/".repeat(n / 4),
    (n) => "/".repeat(n),
  ],
};

const N = 16_384;

function literals(): string[] {
  const found = new Set<string>();
  for (const { program } of sources()) {
    new Visitor({
      Literal(node) {
        if ("regex" in node && node.raw !== null) found.add(node.raw);
      },
    }).visit(program);
  }
  return [...found];
}

test("every regular expression of the page has its hardest inputs, and no other is listed", () => {
  expect(literals().toSorted()).toEqual(Object.keys(HARDEST).toSorted());
});

test("no regular expression is made from text", () => {
  const made = sources().filter(({ text }) => text.includes("RegExp("));

  expect(made.map(({ file }) => file)).toEqual([]);
});

describe.each(Object.entries(HARDEST))("%s", (literal, inputs) => {
  const end = literal.lastIndexOf("/");
  const flags = literal.slice(end + 1).replace("g", "");
  const expression = new RegExp(literal.slice(1, end), flags);

  test.each(inputs.map((input, index) => [index, input] as const))(
    "input %i costs linear work",
    (_, input) => {
      expect(workRatio((n) => expression.exec(input(n)), N)).toBeLessThan(10);
    },
  );
});

test("a quadratic expression is seen as one", () => {
  expect(workRatio((n) => /a+b/u.exec("a".repeat(n)), 4096)).toBeGreaterThan(10);
});
