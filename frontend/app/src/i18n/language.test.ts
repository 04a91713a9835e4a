// The languages have the same keys, and the right one is chosen.
import { describe, expect, test } from "vitest";
import { en } from "./en";
import { enLater } from "./enLater";
import { es } from "./es";
import { esLater } from "./esLater";
import { chooseLanguage, keepLanguage, startLanguage } from "./language";

/** Every key of a language, dotted, with the placeholders of its words. */
function keys(words: object, path = ""): string[] {
  return Object.entries(words).flatMap(([key, word]) =>
    typeof word === "string"
      ? [`${path}${key} ${(word.match(/{{\w+}}/g) ?? []).sort().join(" ")}`.trim()]
      : keys(word, `${path}${key}.`),
  );
}

test("English and Spanish have the same keys and placeholders", () => {
  expect(keys(es).sort()).toEqual(keys(en).sort());
  expect(keys(esLater).sort()).toEqual(keys(enLater).sort());
});

describe("choosing", () => {
  test.each([
    [null, ["es-MX", "en"], "es"],
    [null, ["de-DE", "es"], "es"],
    [null, ["en-GB"], "en"],
    [null, ["de"], "en"],
    [null, [], "en"],
    ["en", ["es"], "en"],
    ["xx", ["es"], "es"],
  ] as const)("kept %j, preferred %j: %s", (kept, preferred, expected) => {
    expect(chooseLanguage(kept, preferred)).toBe(expected);
  });

  test("a choice is told to the document and kept for the next visit", async () => {
    await keepLanguage(await startLanguage(), "es");
    expect(document.documentElement.lang).toBe("es");
    document.documentElement.lang = "";

    expect((await startLanguage()).getState().language).toBe("es");
    expect(document.documentElement.lang).toBe("es");
  });
});
