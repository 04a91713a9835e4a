// Gives the components below it a client, texts, and a theme.
import type { Client } from "alcove-client";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { en } from "./strings/en";
import type { Strings, T } from "./strings/strings";
import { createTranslate } from "./strings/translate";
// Here and not in index.ts, which only re-exports: bundlers skip such a file with its side effects.
import "./styles/theme.css";

/** `inherit`: the `color-scheme` of the page around the components; `auto`: what the reader's system prefers. */
export type Theme = "inherit" | "auto" | "light" | "dark";

export type AlcoveProviderProps = {
  readonly client: Client;
  /** The texts of the components; English by default, `alcove-react/es` has Spanish. */
  readonly strings?: Strings;
  readonly theme?: Theme;
  readonly children?: ReactNode;
};

type AlcoveContextValue = {
  readonly client: Client;
  readonly t: T;
  /** For `Intl`: the language of the texts, with the reader's region. */
  readonly locale: string;
  readonly theme: Theme;
};

const AlcoveContext = createContext<AlcoveContextValue | null>(null);

export function AlcoveProvider({ client, strings = en, theme = "inherit", children }: AlcoveProviderProps) {
  const value = useMemo(
    () => ({
      client,
      t: createTranslate<typeof en>(strings.language, strings),
      locale: localeOf(strings.language),
      theme,
    }),
    [client, strings, theme],
  );
  return <AlcoveContext.Provider value={value}>{children}</AlcoveContext.Provider>;
}

/** Return the provider's client. Throws outside of an AlcoveProvider. */
export function useAlcove(): Client {
  return useAlcoveContext().client;
}

export function useAlcoveContext(): AlcoveContextValue {
  const value = useContext(AlcoveContext);
  if (value === null) throw new Error("expected an <AlcoveProvider> around the component");
  return value;
}

/** Return the attributes of a component's outermost element: its class, and the theme. */
export function useRootProps(className: string | undefined) {
  const { theme } = useAlcoveContext();
  return { className: `alcove ${className ?? ""}`.trim(), "data-alcove-theme": theme };
}

/** Return the locale for `Intl`: the reader's region decides how times look, the texts decide the language. */
export function localeOf(language: string): string {
  if (typeof navigator === "undefined") return language;
  const preferred = navigator.languages ?? [];
  return preferred.find((tag) => tag.split("-")[0]?.toLowerCase() === language) ?? language;
}
