// Lets the page open without a server: what it is made of is kept, what is said never passes through here.

/** The path below which the server is, with a slash at its end; servers that share an origin have a cache each. */
const SHELL = new URL("./", location.href).pathname;
const CACHE = `alcove-page${SHELL.slice(0, -1)}`;
const ASSETS = `${SHELL}assets/`;
/** What the documents of this server's page say of themselves, and no others do. */
const MARK = `<meta name="alcove-base" content="${SHELL}"`;
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
  if (!Array.isArray(event.data)) return;
  const loaded = event.data.filter((path) => typeof path === "string" && path.startsWith(ASSETS));
  // One file that is gone must not keep the others from being kept.
  event.waitUntil(Promise.allSettled(loaded.map((path) => asset(new Request(path)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && !isServers(pathname)) event.respondWith(page(request));
  else if (pathname.startsWith(ASSETS)) event.respondWith(asset(request));
});

// A notification leads back to the room that it is of.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

/** Bring the tab at `path` to the front, or open one. */
async function show(path) {
  if (typeof path !== "string") return;
  const tabs = await self.clients.matchAll({ type: "window" });
  const tab = tabs.find(({ url }) => new URL(url).pathname === path);
  await (tab === undefined ? self.clients.openWindow(path) : tab.focus());
}

/** Paths that answer with documents of their own. */
function isServers(pathname) {
  return /^(api|embed|docs|redoc|openapi\.json|asyncapi\.json|healthz|readyz|metrics)(\/|$)/.test(
    pathname.slice(SHELL.length),
  );
}

/** The server's page if there is a server, else the last one seen. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await keepShell(answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(SHELL, { cacheName: CACHE });
    if (kept === undefined) throw error;
    return kept;
  }
}

/** A built file never changes under its name. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  // A server that answers every path with the page has no such file any more.
  if (answer.ok && !isDocument(answer)) {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
    const files = (await cache.keys()).filter(({ url }) => new URL(url).pathname.startsWith(ASSETS));
    for (const file of files.slice(0, -KEPT)) await cache.delete(file);
  }
  return answer;
}

/** Keep a document for the time without a server, if it is the page: an image or a text may be navigated to as well. */
async function keepShell(answer) {
  if (!isDocument(answer)) return;
  const text = await answer.text();
  if (!text.includes(MARK)) return;
  const cache = await caches.open(CACHE);
  // A redirected answer may not stand for a navigation.
  await cache.put(SHELL, new Response(text, { headers: answer.headers }));
}

function isDocument(answer) {
  return (answer.headers.get("content-type") ?? "").startsWith("text/html");
}
