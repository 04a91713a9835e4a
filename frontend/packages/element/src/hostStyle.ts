// The custom properties of the host page's style that are passed into the frame, and their changes.
import { isThemeProperty } from "./messages";
import { THEME_PROPERTIES } from "./themeProperties";

/** Return the custom properties that apply to the element, by inheritance too. */
export function themeOf(element: Element): Record<string, string> {
  const style = getComputedStyle(element);
  const values = [...THEME_PROPERTIES].map((name) => [name, style.getPropertyValue(name).trim()] as const);
  return Object.fromEntries(values.filter(([name, value]) => value !== "" && isThemeProperty(name, value)));
}

/** Call `onChange` when the theme of the page may have changed; returns the function that ends this. */
export function watchTheme(element: Element, onChange: () => void): () => void {
  const attributes = new MutationObserver(onChange);
  for (const watched of new Set([document.documentElement, document.body, element]))
    attributes.observe(watched, { attributeFilter: ["class", "style", "lang", "data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", onChange);
  return () => {
    attributes.disconnect();
    system.removeEventListener("change", onChange);
  };
}
