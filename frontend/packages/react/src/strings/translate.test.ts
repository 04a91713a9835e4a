// Keys become texts: plurals by the language's rules, values in their places.
import { expect, test } from "vitest";
import { en } from "./en";
import { es } from "./es";
import { createTranslate } from "./translate";

const english = createTranslate<typeof en>("en", en);

/** Every key of a language, dotted, with the placeholders of its text. */
function keys(texts: object, path = ""): string[] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === "string"
      ? [`${path}${key} ${(text.match(/{{\w+}}/g) ?? []).sort().join(" ")}`.trim()]
      : keys(text, `${path}${key}.`),
  );
}

test("English and Spanish have the same keys and placeholders", () => {
  expect(keys(es).sort()).toEqual(keys(en).sort());
});

test.each([
  [0, "0 unread messages"],
  [1, "1 unread message"],
  [5, "5 unread messages"],
])("a count of %i chooses the plural form", (count, text) => {
  expect(english("rooms.unread", { count })).toBe(text);
});

test("a count chooses between the forms of another language", () => {
  const t = createTranslate<typeof en>("es", es);

  expect([1, 2].map((count) => t("composer.left", { count }))).toEqual([
    es.composer.left_one.replace("{{count}}", "1"),
    es.composer.left_other.replace("{{count}}", "2"),
  ]);
  expect(es.composer.left_one).not.toBe(es.composer.left_other);
});

test("values replace their names, whatever they contain", () => {
  expect(english("message.label", { name: "Ada", time: "20:34" })).toBe("Ada, 20:34");
  expect(english("room.seenBy", { names: "{{names}} $& }}" })).toBe("Seen by {{names}} $& }}");
});

test("a replaced text is used", () => {
  const t = createTranslate<typeof en>("en", { ...en, composer: { ...en.composer, send: "Post" } });

  expect(t("composer.send")).toBe("Post");
});
