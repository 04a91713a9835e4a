// Colors and initials of members; each pair of colors can be read.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COLORS, colorOf, initialsOf } from "./identity";

test.each([
  ["Ada", "A"],
  ["ada lovelace", "AL"],
  ["  Grace  Brewster Hopper ", "GH"],
  ["𝔸da", "𝔸"],
  ["", ""],
])("the initials of %j are %j", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

test("the color depends on the id alone, and ids spread over all of them", () => {
  const counts = new Array<number>(COLORS).fill(0);
  for (let i = 0; i < 800; i += 1) {
    const color = colorOf(`member-${i}`);
    counts[color] = (counts[color] ?? 0) + 1;
  }

  expect(counts).toHaveLength(COLORS);
  expect(counts.reduce((sum, count) => sum + count)).toBe(800);
  expect(Math.min(...counts)).toBeGreaterThan(50);
});

test("every pair of colors has a contrast of at least 4.5 (WCAG 1.4.3)", () => {
  const css = readFileSync("packages/react/src/members/Avatar.module.css", "utf8");
  const pairs = [...css.matchAll(/--_(?:ink|fill): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/gu)];
  expect(pairs).toHaveLength(2 * COLORS);

  for (let i = 0; i < pairs.length; i += 2)
    for (const theme of [1, 2])
      expect(contrast(pairs[i]?.[theme] ?? "", pairs[i + 1]?.[theme] ?? "")).toBeGreaterThanOrEqual(4.5);
});

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
