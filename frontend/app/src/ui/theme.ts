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

/** Apply the theme `wanted`. The system's own theme is not stored, so that the page continues to follow it. */
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
