// A component that is loaded once it is needed, without a gap: what is shown until then stays, also where loading fails.
import { type ComponentType, useEffect, useSyncExternalStore } from "react";

type Module<Props> = { readonly default: ComponentType<Props> };

/** Return a hook that returns the component: null where it is not needed, or not there yet. */
export function lazyPart<Props>(load: () => Promise<Module<Props>>) {
  let loaded: ComponentType<Props> | null = null;
  let isLoading = false;
  const listeners = new Set<() => void>();

  function start(): void {
    if (isLoading || loaded !== null) return;
    isLoading = true;
    load()
      .then((module) => {
        loaded = module.default;
        for (const listener of [...listeners]) listener();
      })
      .catch(() => {
        // The next one that needs it tries again.
        isLoading = false;
      });
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  const get = () => loaded;
  const getOnServer = () => null;

  return function useLazyPart(isNeeded: boolean): ComponentType<Props> | null {
    const part = useSyncExternalStore(subscribe, get, getOnServer);
    useEffect(() => {
      if (isNeeded) start();
    }, [isNeeded]);
    return isNeeded ? part : null;
  };
}
