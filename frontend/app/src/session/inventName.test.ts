import { expect, test } from "vitest";
import { inventName, nameForToken } from "./inventName";

test("a token has one name, and tokens share the names about evenly", () => {
  const names = Array.from({ length: 6400 }, (_, number) => nameForToken(`token-${number}`));
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);

  expect(names).toEqual(Array.from({ length: 6400 }, (_, number) => nameForToken(`token-${number}`)));
  expect(counts.size).toBe(64);
  expect(Math.max(...counts.values())).toBeLessThan(200);
});

test("an invented name has two words", () => {
  expect(inventName()).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
});
