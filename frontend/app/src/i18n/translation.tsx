// Gives the page its texts, and the components of alcove-react theirs, in the reader's language.
import { createTranslate, localeOf, type Strings, type TextsLike, type Translate } from "alcove-react";
import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import type { en, LaterTexts, Texts } from "./en";
import type { enLater } from "./enLater";

/** The texts of one language: the page's own, those of the components, and those of parts that are loaded when needed. */
export type Language = {
  readonly page: Texts;
  readonly components: Strings;
  readonly loadLater: () => Promise<LaterTexts>;
};

type AllTexts = typeof en & typeof enLater;

type TranslatorState = {
  readonly language: string;
  /** For `Intl`: the language with the reader's region. */
  readonly locale: string;
  readonly t: Translate<AllTexts>;
  readonly components: Strings;
};

export class Translator {
  #language: Language;
  #later: LaterTexts | null = null;
  #state: TranslatorState;
  readonly #listeners = new Set<() => void>();

  constructor(language: Language) {
    this.#language = language;
    this.#state = stateOf(language, null);
  }

  getState = (): TranslatorState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Load the texts of the parts that are loaded when needed. Rejects if they cannot be loaded. */
  async loadLater(): Promise<void> {
    while (this.#later === null) {
      const language = this.#language;
      const later = await language.loadLater();
      // Another language may have been chosen meanwhile.
      if (this.#language === language) this.#become(language, later);
    }
  }

  /** Use another language. Rejects, and changes nothing, if its texts cannot be loaded. */
  async change(language: Language): Promise<void> {
    this.#become(language, this.#later === null ? null : await language.loadLater());
  }

  #become(language: Language, later: LaterTexts | null): void {
    this.#language = language;
    this.#later = later;
    this.#state = stateOf(language, later);
    for (const listener of [...this.#listeners]) listener();
  }
}

function stateOf({ page, components }: Language, later: LaterTexts | null): TranslatorState {
  const { language } = components;
  // A part that is loaded when it is needed waits for its texts: until then nothing asks for them.
  const texts = { ...page, ...later } as TextsLike<AllTexts>;
  return { language, locale: localeOf(language), t: createTranslate<AllTexts>(language, texts), components };
}

const TranslatorContext = createContext<Translator | null>(null);

type LanguageProviderProps = { readonly translator: Translator; readonly children: ReactNode };

export function LanguageProvider({ translator, children }: LanguageProviderProps) {
  return <TranslatorContext value={translator}>{children}</TranslatorContext>;
}

/** Return the texts of the reader's language; the component renders again when it changes. Throws outside of its provider. */
export function useTranslation(): TranslatorState & { readonly translator: Translator } {
  const translator = useContext(TranslatorContext);
  if (translator === null) throw new Error("expected a LanguageProvider around the component");
  return { ...useSyncExternalStore(translator.subscribe, translator.getState), translator };
}
