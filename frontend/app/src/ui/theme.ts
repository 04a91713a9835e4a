// Light or dark: the system's, unless the reader chose one.
import { useSyncExternalStore } from "react";
import { keep, kept } from "./kept";

export type ThemeChoice = "system" | "light" | "dark";

const darkSystem = () => matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** The reader's choice. */
export function themeChoice(): ThemeChoice {
  const choice = document.documentElement.dataset.theme;
  return choice === "light" || choice === "dark" ? choice : "system";
}

/** Call `listener` when the system or the reader changes the theme; return a function that ends this. */
export function onTheme(listener: () => void): () => void {
  const query = darkSystem();
  listeners.add(listener);
  query.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query.removeEventListener("change", listener);
  };
}

/** Apply the stored choice; call it before the first paint. */
export function startTheme(): void {
  const choice = kept("theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
}

/** Apply a theme, and store the choice for the next visit. */
export function chooseTheme(wanted: ThemeChoice): void {
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  keep("theme", wanted === "system" ? null : wanted);
  for (const listener of listeners) listener();
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(onTheme, themeChoice);
}
