// The list of rooms (rule W4), asked for again as time goes by and as something happens.

import type { ItemSummary, Rooms } from "alcove-client";
import { useEffect, useState } from "react";

const EVERY_MS = 15_000;
/** How long news gather before the list is asked for. */
const AFTER_NEWS_MS = 200;

/** The rooms one may read, latest first; null until they are known. `news` changes when something has happened. */
export function useItems(rooms: Rooms | null, news: unknown): readonly ItemSummary[] | null {
  const [items, setItems] = useState<readonly ItemSummary[] | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: news are what calls for asking again
  useEffect(() => {
    if (rooms === null) {
      setItems(null);
      return;
    }
    let over = false;
    const ask = () => {
      if (document.visibilityState !== "visible") return;
      rooms.http.items().then(
        (found) => over || setItems(found),
        // The list as it was is better than none, and one that never came is not known to be empty.
        () => undefined,
      );
    };
    const soon = setTimeout(ask, AFTER_NEWS_MS);
    const often = setInterval(ask, EVERY_MS);
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      clearTimeout(soon);
      clearInterval(often);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [rooms, news]);

  return items;
}
