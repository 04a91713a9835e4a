// Gives the page its texts, and the components of alcove-react theirs, in the reader's language.
import { createTranslate, localeOf, type Strings, type Translate } from "alcove-react";
import { createContext, type ReactNode, useContext, useSyncExternalStore } from "react";
import type { en, Texts } from "./en";

/** The texts of one language: the page's own, and those of the components. */
export type Language = { readonly page: Texts; readonly components: Strings };

type TranslatorState = {
  readonly language: string;
  /** For `Intl`: the language with the reader's region. */
  readonly locale: string;
  readonly t: Translate<typeof en>;
  readonly components: Strings;
};

export class Translator {
  #state: TranslatorState;
  readonly #listeners = new Set<() => void>();

  constructor(language: Language) {
    this.#state = stateOf(language);
  }

  getState = (): TranslatorState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  change(language: Language): void {
    this.#state = stateOf(language);
    for (const listener of [...this.#listeners]) listener();
  }
}

function stateOf({ page, components }: Language): TranslatorState {
  const { language } = components;
  return { language, locale: localeOf(language), t: createTranslate<typeof en>(language, page), components };
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
