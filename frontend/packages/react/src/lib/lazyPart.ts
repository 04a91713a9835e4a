// A component, or its data, that is loaded when it is needed; its placeholder stays until then, and if loading fails.
import { useEffect, useSyncExternalStore } from "react";

type Module<Part> = { readonly default: Part };

/** How long after a failure the next attempt begins, in ms: doubled each time, up to the longest. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Return a hook that returns the module's default export: null while it is not needed or not loaded. All callers share one attempt at
 * a time; after a failure it is repeated with a growing delay, and when the browser is online again.
 */
export function lazyPart<Part>(load: () => Promise<Module<Part>>) {
  let loaded: Part | null = null;
  let isLoading = false;
  let failures = 0;
  let needs = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const listeners = new Set<() => void>();

  function start(): void {
    clearTimeout(retry);
    retry = undefined;
    if (isLoading || loaded !== null || needs === 0) return;
    isLoading = true;
    load()
      .then((module) => {
        loaded = module.default;
        globalThis.removeEventListener("online", start);
        for (const listener of [...listeners]) listener();
      })
      .catch(() => {
        isLoading = false;
        // "online" comes for the machine's network only: a server that is back is found by the timer.
        if (failures === 0) globalThis.addEventListener("online", start);
        retry = setTimeout(start, Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS));
        failures += 1;
      });
  }

  function need(): () => void {
    needs += 1;
    // A component that is drawn while an attempt waits for its time waits, too.
    if (retry === undefined) start();
    return () => {
      needs -= 1;
    };
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  const get = () => loaded;
  const getOnServer = () => null;

  return function useLazyPart(isNeeded: boolean): Part | null {
    const part = useSyncExternalStore(subscribe, get, getOnServer);
    useEffect(() => (isNeeded ? need() : undefined), [isNeeded]);
    return isNeeded ? part : null;
  };
}
