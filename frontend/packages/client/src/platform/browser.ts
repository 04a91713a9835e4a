// The platform of a browser.

import { BoundedStorage } from "../storage/bounded";
import { BrowserNotes } from "../storage/notes";
import type { Storage } from "../storage/storage";
import type { Channel, Lock, Platform, PlatformEvent } from "./platform";

/** How long changes are collected in a hidden tab, in ms: browsers draw no frames there. */
const UNSEEN_MS = 250;
/** The least time between two frames with changes, in ms: under a flood, time is left for typing. */
const DRAWN_MS = 50;

export function browserPlatform(): Platform {
  return {
    openSocket: (url, protocols) => new WebSocket(url, protocols),
    // Without credentials: a page of another origin has a token, and the server's own page sends its cookie anyway.
    openEvents: (url) => new EventSource(url),
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
    elapsed: () => performance.now(),
    random: Math.random,
    // A server that renders pages has no browser interfaces, or only some.
    online: () => typeof navigator === "undefined" || navigator.onLine !== false,
    visible: () => document.visibilityState === "visible",
    on: listen,
    lock,
    channel,
    nextFrame: paced(),
    storage: new BoundedStorage(openStorage, () => performance.now()),
    notes: new BrowserNotes(() => localStorage),
    tabNotes: new BrowserNotes(() => sessionStorage),
    cookie,
  };
}

/** Return the value of a cookie; of several with one name, the first is that of the longest path (RFC 6265, 5.4). */
function cookie(name: string): string | null {
  try {
    const pairs = document.cookie.split("; ");
    return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  } catch {
    return null; // a sandboxed frame
  }
}

/** Open the storage. Rejects where the browser has no IndexedDB, or the code for it cannot be loaded. */
async function openStorage(): Promise<Storage> {
  const { IndexedDbStorage } = await import("../storage/indexedDb");
  return new IndexedDbStorage();
}

/** Return a scheduler that draws a first change at the next frame, and further ones a moment later. */
function paced(): Platform["nextFrame"] {
  let drawn = 0;
  return (draw) => {
    const frame = () =>
      requestAnimationFrame((now) => {
        drawn = now;
        draw();
      });
    const wait = drawn + DRAWN_MS - performance.now();
    if (document.visibilityState !== "visible") setTimeout(draw, UNSEEN_MS);
    else if (wait > 0) setTimeout(frame, wait);
    else frame();
  };
}

function listen(event: PlatformEvent, listener: () => void): () => void {
  if (event === "online" || event === "offline") {
    addEventListener(event, listener);
    return () => removeEventListener(event, listener);
  }
  const onChange = () => document.visibilityState === event && listener();
  document.addEventListener("visibilitychange", onChange);
  return () => document.removeEventListener("visibilitychange", onChange);
}

/**
 * Request a Web Lock. Without them (a page on plain http) each tab sends for itself, and rule S5 makes that safe. `held`
 * rejects where the browser refuses locks (in a sandboxed frame).
 */
function lock(name: string): Lock {
  if (!("locks" in navigator)) return { held: Promise.resolve(), release: () => undefined };
  const giveUp = new AbortController();
  let release = () => giveUp.abort();
  const held = new Promise<void>((resolve, reject) => {
    navigator.locks
      .request(name, { signal: giveUp.signal }, () => {
        resolve();
        return new Promise<void>((done) => {
          release = done;
        });
      })
      .catch(reject);
  });
  return { held, release: () => release() };
}

function channel(name: string, onMessage: (message: unknown) => void): Channel {
  try {
    const bus: BroadcastChannel & { unref?: () => void } = new BroadcastChannel(name);
    bus.onmessage = ({ data }: MessageEvent<unknown>) => onMessage(data);
    // While pages are rendered in Node, an open channel would keep the process running.
    bus.unref?.();
    return { post: (message) => bus.postMessage(message), close: () => bus.close() };
  } catch {
    // Refused (in a sandboxed frame, or with cookies blocked): each tab reads storage by itself.
    return { post: () => undefined, close: () => undefined };
  }
}
