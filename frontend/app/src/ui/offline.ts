// Lets the browser keep the page itself, so that a room opens while the server is away.
import { BASE } from "./base";

/** Only a built page stays as it is; only a secure one may be kept. */
export async function keepPage(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(`${BASE}/sw.js`);
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname);
    active?.postMessage(loaded);
  } catch {
    // A browser that forbids it opens the page from the server, as ever.
  }
}
