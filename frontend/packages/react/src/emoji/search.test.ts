// What the emoji picker offers and finds, in both languages.
import { describe, expect, test } from "vitest";
import english from "./en.gen";
import spanish from "./es.gen";
import { findEmoji, readGroups } from "./search";

const en = readGroups(english);
const es = readGroups(spanish);
const found = (groups: typeof en, text: string) => findEmoji(groups, text).map(({ emoji }) => emoji);

describe.each([
  ["English", en],
  ["Spanish", es],
])("the emoji in %s", (_, groups) => {
  test("are in nine groups, each once and with a name", () => {
    const all = groups.flatMap(({ emoji }) => emoji);

    expect(groups).toHaveLength(9);
    expect(all.length).toBeGreaterThan(1500);
    expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length);
    expect(all.filter(({ emoji, name }) => /^[a-z ]/i.test(emoji) || name === "")).toEqual([]);
  });
});

test("words find an emoji by their beginnings, in any order, without case and accents", () => {
  expect(found(en, "THUMBS up")).toEqual(["👍️"]);
  expect(found(en, "up thumb")).toEqual(["👍️"]);
  expect(found(es, "corazon rojo")).toEqual(found(es, "Corazón ROJO"));
  expect(found(es, "corazón rojo")).toContain("❤️");
});

test("those called so stand before those with such a word", () => {
  const names = findEmoji(en, "cat").map(({ name }) => name);
  const isCalled = names.map((name) => /\bcat/.test(name));

  expect(isCalled).toContain(true);
  expect(isCalled).toContain(false);
  expect(isCalled).toEqual([...isCalled].sort((a, b) => Number(b) - Number(a)));
});

test("nothing is found by a word that no emoji has, or by no text", () => {
  expect(found(en, "xyzzy")).toEqual([]);
  expect(found(en, "thumbs xyzzy")).toEqual([]);
});
