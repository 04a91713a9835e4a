// Chooses the language, keeps the choice, and tells the document.
import { keep, kept } from "../ui/kept";
import { loadPart } from "../ui/loadPart";
import type { Language } from "./en";
import { Translator } from "./translation";

// Only what is spoken is loaded.
const languages = {
  en: async (): Promise<Language> => (await import("./en")).en,
  es: async (): Promise<Language> => (await import("./es")).es,
} as const;

export type LanguageCode = keyof typeof languages;

function known(code: string): code is LanguageCode {
  return Object.hasOwn(languages, code);
}

/** The kept choice, else the first of the browser's `preferred` languages that the page speaks, else English. */
export function chooseLanguage(choice: string | null, preferred: readonly string[]): LanguageCode {
  const spoken = [choice ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return spoken.find(known) ?? "en";
}

/** The words of the reader's language; `<html lang>` follows it. */
export async function startLanguage(): Promise<Translator> {
  const code = chooseLanguage(kept("language"), navigator.languages);
  const translator = new Translator(code, await languages[code]());
  document.documentElement.lang = code;
  return translator;
}

/** Speaks `code` from now on, after a reload too. */
export async function keepLanguage(translator: Translator, code: LanguageCode): Promise<void> {
  const words = await loadPart<Language>(languages[code]);
  if (words === null) return;
  keep("language", code);
  document.documentElement.lang = code;
  translator.change(code, words);
}
