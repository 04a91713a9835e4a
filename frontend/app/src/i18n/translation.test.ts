// Keys become words: plurals by the language's rules, values in their places.
import { expect, test } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { Translator } from "./translation";

const english = () => new Translator("en", en);

test.each([
  [0, "0 unread"],
  [1, "1 unread"],
  [5, "5 unread"],
])("a count of %i chooses the form of the plural", (count, words) => {
  expect(english().t()("rooms.unread", { count })).toBe(words);
});

test("a count chooses between the forms of another language", () => {
  const t = new Translator("es", es).t();

  expect([1, 2].map((count) => t("room.left", { count }))).toEqual([
    es.room.left_one.replace("{{count}}", "1"),
    es.room.left_other.replace("{{count}}", "2"),
  ]);
  expect(es.room.left_one).not.toBe(es.room.left_other);
});

test("values stand where their names are, whatever they hold", () => {
  const t = english().t();

  expect(t("room.gap", { from: 1, to: 16 })).toBe("Entries 1 to 16 are no longer kept.");
  expect(t("status.said", { reason: "{{reason}} $& }}" })).toBe("The server said: “{{reason}} $& }}”.");
});

test("listeners are told of another language, and the function changes with it", () => {
  const translator = english();
  const before = translator.t();
  let told = 0;
  translator.subscribe(() => {
    told += 1;
  });
  translator.change("es", es);

  expect(told).toBe(1);
  expect(translator.t()).not.toBe(before);
  expect(translator.t()("connect")).toBe(es.connect);
});
