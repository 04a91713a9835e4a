// Translates keys into words of the reader's language: typed keys, plurals by `Intl`, values in {{braces}}.
import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import type { en, Language } from "./en";

type Base<K extends string> = K extends `${infer B}_one` | `${infer B}_other` ? B : K;

type Dotted<T, Path extends string = ""> = {
  readonly [K in keyof T & string]: T[K] extends string ? `${Path}${Base<K>}` : Dotted<T[K], `${Path}${K}.`>;
}[keyof T & string];

/** The path of a text, as `room.unread`; the two forms of a plural are one. */
export type Key = Dotted<typeof en>;

/** What stands for the names in braces; `count` also chooses the form of a plural. */
export type Values = { readonly count?: number } & Readonly<Record<string, string | number>>;

export type Translate = (key: Key, values?: Values) => string;

export class Translator {
  #language: string;
  #translate: Translate;
  readonly #listeners = new Set<() => void>();

  constructor(language: string, words: Language) {
    this.#language = language;
    this.#translate = translate(language, words);
  }

  get language(): string {
    return this.#language;
  }

  /** The same function until the language changes. */
  t = (): Translate => this.#translate;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(language: string, words: Language): void {
    this.#language = language;
    this.#translate = translate(language, words);
    for (const listener of [...this.#listeners]) listener();
  }
}

const TranslatorContext = createContext<Translator | null>(null);

export function LanguageProvider({
  i18n,
  children,
}: {
  readonly i18n: Translator;
  readonly children: ReactNode;
}) {
  return <TranslatorContext value={i18n}>{children}</TranslatorContext>;
}

/** The words of the reader's language; the component is drawn again when it changes. Throws outside of its provider. */
export function useTranslation(): { readonly t: Translate; readonly i18n: Translator } {
  const i18n = useContext(TranslatorContext);
  if (i18n === null) throw new Error("useTranslation() needs a LanguageProvider around it");
  return { t: useSyncExternalStore(i18n.subscribe, i18n.t), i18n };
}

function translate(language: string, words: Language): Translate {
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const form = values.count === undefined ? null : plurals.select(values.count);
    const text =
      (form && (find(words, `${key}_${form}`) ?? find(words, `${key}_other`))) ?? find(words, key) ?? key;
    return filled(text, values);
  };
}

function find(words: object, key: string): string | null {
  let found: unknown = words;
  for (const step of key.split("."))
    found =
      typeof found === "object" && found !== null ? (found as Record<string, unknown>)[step] : undefined;
  return typeof found === "string" ? found : null;
}

function filled(text: string, values: Values): string {
  const [first = "", ...rest] = text.split("{{");
  return rest.reduce((done, piece) => {
    const end = piece.indexOf("}}");
    return done + String(values[piece.slice(0, end)] ?? "") + piece.slice(end + 2);
  }, first);
}
