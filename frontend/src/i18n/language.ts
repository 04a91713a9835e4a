// Chooses the language, keeps the choice, and tells the document.
import { createInstance, type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import { keep, kept } from "../ui/kept";
import { loadPart } from "../ui/loadPart";
import type { en, Language } from "./en";

// Only what is spoken is loaded.
const languages = {
  en: async (): Promise<Language> => (await import("./en")).en,
  es: async (): Promise<Language> => (await import("./es")).es,
} as const;

export type LanguageCode = keyof typeof languages;

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

function known(code: string): code is LanguageCode {
  return Object.hasOwn(languages, code);
}

/** The kept choice, else the first of the browser's `preferred` languages that the page speaks, else English. */
export function chooseLanguage(choice: string | null, preferred: readonly string[]): LanguageCode {
  const spoken = [choice ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return spoken.find(known) ?? "en";
}

/** i18next in the reader's language; `<html lang>` follows it. */
export async function startLanguage(): Promise<i18n> {
  const code = chooseLanguage(kept("language"), navigator.languages);
  const instance = createInstance();
  instance.on("languageChanged", (spoken) => {
    document.documentElement.lang = spoken;
  });
  await instance.use(initReactI18next).init({
    resources: { [code]: { translation: await languages[code]() } },
    lng: code,
    fallbackLng: false,
    interpolation: { escapeValue: false }, // React escapes
  });
  return instance;
}

/** Speaks `code` from now on, after a reload too. */
export async function keepLanguage(instance: i18n, code: LanguageCode): Promise<void> {
  const words = await loadPart<Language>(languages[code]);
  if (words === null) return;
  keep("language", code);
  instance.addResourceBundle(code, "translation", words);
  await instance.changeLanguage(code);
}
