// Chooses the language, keeps the choice, and tells the document.
import { keep, kept } from "../ui/kept";
import { loadPart } from "../ui/loadPart";
import { Translator } from "./translation";

// Only the reader's language is loaded.
const languages = {
  en: () => import("./english").then(({ english }) => english),
  es: () => import("./spanish").then(({ spanish }) => spanish),
} as const;

/** Of the page: there is one. */
let current: Translator | null = null;

export type LanguageCode = keyof typeof languages;

function isKnown(code: string): code is LanguageCode {
  return Object.hasOwn(languages, code);
}

/** Return the kept choice, else the first of the browser's `preferred` languages that there are texts in, else English. */
export function chooseLanguage(choice: string | null, preferred: readonly string[]): LanguageCode {
  const codes = [choice ?? "", ...preferred].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return codes.find(isKnown) ?? "en";
}

/** Load the texts of the reader's language; `<html lang>` follows it. */
export async function startLanguage(): Promise<Translator> {
  const code = chooseLanguage(kept("language"), navigator.languages);
  const translator = new Translator(await languages[code]());
  document.documentElement.lang = code;
  current = translator;
  return translator;
}

/** Load the texts of the parts that are loaded when needed. Rejects if they cannot be loaded. */
export async function loadLaterTexts(): Promise<void> {
  await current?.loadLater();
}

/** Use `code` from now on, after a reload too; if its texts cannot be loaded, nothing changes. */
export async function keepLanguage(translator: Translator, code: LanguageCode): Promise<void> {
  const changed = await loadPart(async () => {
    await translator.change(await languages[code]());
    return true;
  });
  if (changed === null) return;
  keep("language", code);
  document.documentElement.lang = code;
}
