// What the page says when it, or a part of it, cannot be shown. Part of the first script: nothing else may be there.

const en = {
  page: "This page ran into a problem. What you wrote is kept in this browser.",
  room: "This room ran into a problem. What you wrote is kept in this browser.",
  part: "This part of the page could not be loaded. The server is away, or the page has been updated.",
  reload: "Reload",
  close: "Close",
} as const;

const es: Record<keyof typeof en, string> = {
  page: "Esta página tuvo un problema. Lo que escribiste se conserva en este navegador.",
  room: "Esta sala tuvo un problema. Lo que escribiste se conserva en este navegador.",
  part: "No se pudo cargar esta parte de la página. El servidor no responde o la página se ha actualizado.",
  reload: "Recargar",
  close: "Cerrar",
};

/** The texts in the document's language. */
export function reloadTexts(): Record<keyof typeof en, string> {
  return document.documentElement.lang === "es" ? es : en;
}
