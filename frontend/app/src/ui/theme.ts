// Light or dark: the system's unless the reader chose the other.
import { keep, kept } from "./kept";

export type Theme = "light" | "dark";

const darkSystem = () => matchMedia("(prefers-color-scheme: dark)");

function systemTheme(): Theme {
  return darkSystem().matches ? "dark" : "light";
}

function chosenTheme(): Theme | null {
  const choice = document.documentElement.dataset.theme;
  return choice === "light" || choice === "dark" ? choice : null;
}

/** The theme in force. */
export function theme(): Theme {
  return chosenTheme() ?? systemTheme();
}

const listeners = new Set<() => void>();

/** Calls `listener` when the theme in force may be another, by the system or by choice; gives back what ends that. */
export function onTheme(listener: () => void): () => void {
  const query = darkSystem();
  listeners.add(listener);
  query.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    query.removeEventListener("change", listener);
  };
}

/** Puts the kept choice in force; to be called before the first paint. */
export function startTheme(): void {
  const choice = kept("theme");
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
}

/** Puts `wanted` in force. What the system says anyway is not kept, so that the page goes on following it. */
export function chooseTheme(wanted: Theme): void {
  if (wanted === systemTheme()) {
    delete document.documentElement.dataset.theme;
    keep("theme", null);
  } else {
    document.documentElement.dataset.theme = wanted;
    keep("theme", wanted);
  }
  for (const listener of listeners) listener();
}
