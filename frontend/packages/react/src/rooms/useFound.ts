// Rooms that are not in the list: the server is asked for them while somebody searches.

import type { ItemSummary, Rooms } from "alcove-client";
import { useEffect, useState } from "react";

/** How long keys gather before the server is asked, in ms. */
const AFTER_KEYS_MS = 200;

export type Found =
  | { readonly is: "idle" | "asking" | "failed" }
  | { readonly is: "found"; readonly items: readonly ItemSummary[] };

const idle: Found = { is: "idle" };

/** The rooms whose id begins with `prefix`; idle where it is empty. */
export function useFound(rooms: Rooms, prefix: string): Found {
  const [found, setFound] = useState<{ readonly prefix: string; readonly answer: Found } | null>(null);

  useEffect(() => {
    if (prefix === "") return;
    let over = false;
    const settle = (answer: Found) => over || setFound({ prefix, answer });
    const soon = setTimeout(() => {
      rooms.http.items({ prefix }).then(
        (items) => settle({ is: "found", items }),
        () => settle({ is: "failed" }),
      );
    }, AFTER_KEYS_MS);
    return () => {
      over = true;
      clearTimeout(soon);
    };
  }, [rooms, prefix]);

  if (prefix === "") return idle;
  return found?.prefix === prefix ? found.answer : { is: "asking" };
}
