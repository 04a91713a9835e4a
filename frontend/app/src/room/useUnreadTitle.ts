// The tab's title counts what came while nobody looked.

import type { RoomView } from "alcove-client";
import { positionIn, type Seen } from "alcove-react";
import { useEffect, useState } from "react";
import { useTitle } from "../ui/useTitle";

export function useUnreadTitle(item: string, { rows, me, cursor, log, status }: RoomView): void {
  const [seen, setSeen] = useState<Seen | null>(null);
  const [hidden, setHidden] = useState(() => document.visibilityState === "hidden");

  useEffect(() => {
    const onChange = () => setHidden(document.visibilityState === "hidden");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);

  useEffect(() => {
    if (!hidden && status.is === "live") setSeen({ log, cursor });
  }, [hidden, cursor, log, status.is]);

  const after = seen === null ? cursor : positionIn(seen, log);
  let unread = 0;
  for (let i = rows.length - 1; hidden && i >= 0; i -= 1) {
    const row = rows[i];
    if (row?.type !== "entry") continue;
    if (row.seq <= after) break;
    if (row.by.id !== me?.id && row.deleted === undefined) unread += 1;
  }
  useTitle(unread > 0 ? `(${unread}) ${item}` : item);
}
