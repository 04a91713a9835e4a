// Lets the page open without a server: what it is made of is kept, what is said never passes through here.

const CACHE = "alcove-page";
const SHELL = "/";
/** Files of some builds; the oldest go first. */
const KEPT = 80;

self.addEventListener("install", (event) => {
  event.waitUntil(
    fetch(SHELL, { cache: "reload" })
      .then(keepShell)
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page tells what it has loaded before this worker was there.
self.addEventListener("message", (event) => {
  const loaded = event.data.filter((path) => path.startsWith("/assets/"));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(loaded)));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && !isServers(pathname)) event.respondWith(page(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** Paths that answer with documents of their own. */
function isServers(pathname) {
  return /^\/(api|docs|redoc|openapi\.json|asyncapi\.json|healthz|readyz|metrics)(\/|$)/.test(pathname);
}

/** The server's page if there is a server, else the last one seen. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await keepShell(answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(SHELL);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** A built file never changes under its name. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
    const files = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith("/assets/"));
    for (const file of files.slice(0, -KEPT)) await cache.delete(file);
  }
  return answer;
}

async function keepShell(answer) {
  const cache = await caches.open(CACHE);
  // A redirected answer may not stand for a navigation.
  await cache.put(SHELL, new Response(await answer.blob(), { headers: answer.headers }));
}
