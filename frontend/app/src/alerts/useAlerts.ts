// Alerts for what comes while nobody looks: one notification and one sound for all tabs of a browser.

import type { MessageEntry, RoomView } from "alcove-client";
import { isolated, positionIn, type Seen, summaryOf } from "alcove-react";
import { useEffect, useRef, useState } from "react";
import { roomHref } from "../ui/roomHref";
import { notify, ring } from "./alerts";
import { type Tabs, tabsOf } from "./tabs";

/** How long a message must stand before it alerts, in ms: one that is deleted at once does not. */
const STANDS_MS = 1000;
/** At most one sound in so long, in ms, of all tabs together. */
const BETWEEN_RINGS_MS = 3000;
/** How long a message stays taken by the tab that notifies of it, in ms; timers of hidden tabs may be that late. */
const TAKEN_MS = 60_000;
/** Signs of a message that a notification shows. */
const SHOWN = 200;

export type Wanted = { readonly notifying: boolean; readonly ringing: boolean };

/** `onRefused`: the browser does not show notifications any more. */
export function useAlerts(item: string, view: RoomView, wanted: Wanted, onRefused: () => void): void {
  const [tabs] = useState(() => tabsOf(globalThis));
  const visible = useVisible();
  const latest = useRef({ view, wanted, onRefused });
  const told = useRef<Seen | null>(null);
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { cursor, log, status } = view;

  useEffect(() => {
    latest.current = { view, wanted, onRefused };
  });

  useEffect(() => (visible ? tabs.share(shownName(item)) : undefined), [tabs, item, visible]);

  useEffect(() => {
    if (status.is !== "live") return;
    if (told.current === null || visible) {
      told.current = { log, cursor };
      clearTimeout(due.current);
      due.current = undefined;
      return;
    }
    const after = positionIn(told.current, log);
    if (cursor <= after || due.current !== undefined) return;
    due.current = setTimeout(() => {
      due.current = undefined;
      const now = latest.current;
      const last = lastOfOthers(now.view, after);
      told.current = { log: now.view.log, cursor: now.view.cursor };
      if (last !== undefined) void alert(tabs, item, last, now.wanted, now.onRefused);
    }, STANDS_MS);
  }, [tabs, cursor, log, status.is, item, visible]);

  useEffect(() => () => clearTimeout(due.current), []);
}

async function alert(
  tabs: Tabs,
  item: string,
  { seq, by, body }: MessageEntry,
  { notifying, ringing }: Wanted,
  onRefused: () => void,
): Promise<void> {
  if (!(notifying || ringing)) return;
  if (!(await tabs.claim(shownName(item), 0))) return;
  if (!(await tabs.claim(`alcove.alert ${item} ${seq}`, TAKEN_MS))) return;
  if (ringing && (await tabs.claim("alcove.ring", BETWEEN_RINGS_MS))) ring().catch(() => undefined);
  const words = `${isolated(by.name)}: ${summaryOf(body, SHOWN)}`;
  if (notifying && !(await notify(item, words, roomHref(item)))) onRefused();
}

/** Held by every tab that shows the room. */
function shownName(item: string): string {
  return `alcove.shown ${item}`;
}

function lastOfOthers({ rows, me }: RoomView, after: number): MessageEntry | undefined {
  const last = rows.findLast(
    (row) => row.type === "entry" && row.seq > after && row.by.id !== me?.id && row.deleted === undefined,
  );
  return last?.type === "entry" ? last : undefined;
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const onChange = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);
  return visible;
}
