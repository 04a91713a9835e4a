// Alerts for messages that arrive while the page is hidden: one notification and one sound for all tabs of a browser.

import type { Message, Room } from "alcove-client";
import { isolated, plainSummaryOf, useRoom } from "alcove-react";
import { useEffect, useRef, useState } from "react";
import { roomPath } from "../ui/roomHref";
import type { AlertChoices } from "./alertChoices";
import { notify, ring } from "./alerts";
import { type Tabs, tabsOf } from "./tabs";

/** How long a message must stay before it alerts, in ms: one that is deleted at once does not. */
const STAYS_MS = 1000;
/** At most one sound in this time, in ms, of all tabs together. */
const BETWEEN_RINGS_MS = 3000;
/** How long a message is claimed by the tab that notifies of it, in ms; timers of hidden tabs may be that late. */
const CLAIMED_MS = 60_000;
/** Characters of a message that a notification shows. */
const SHOWN = 200;
/** Messages that one alert counts, at most. */
const COLLECTED = 100;

/** `onRefused`: the browser does not show notifications any more. */
export function useAlerts(item: string, wanted: AlertChoices, onRefused: () => void): void {
  const { room } = useRoom(item);
  const [tabs] = useState(() => tabsOf(globalThis));
  const visible = useVisible();
  const latest = useRef({ wanted, onRefused });

  useEffect(() => {
    latest.current = { wanted, onRefused };
  });

  useEffect(() => (visible ? tabs.share(shownName(item)) : undefined), [tabs, item, visible]);

  useEffect(() => {
    if (visible) return;
    let collected: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    function alertLast() {
      timer = undefined;
      const last = lastOf(collected, room);
      collected = [];
      if (last !== undefined) void alert(tabs, item, last, latest.current.wanted, latest.current.onRefused);
    }

    const stop = room.on("message", (message) => {
      if (message.author.id === room.getState().me?.id) return;
      collected = [...collected, nameOf(message)].slice(-COLLECTED);
      timer ??= setTimeout(alertLast, STAYS_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [tabs, room, item, visible]);
}

async function alert(
  tabs: Tabs,
  item: string,
  message: Message,
  { notifying, ringing }: AlertChoices,
  onRefused: () => void,
): Promise<void> {
  if (!(notifying || ringing)) return;
  if (!(await tabs.claim(shownName(item), 0))) return;
  if (!(await tabs.claim(`alcove.alert ${roomPath(item)} ${nameOf(message)}`, CLAIMED_MS))) return;
  if (ringing && (await tabs.claim("alcove.ring", BETWEEN_RINGS_MS))) ring().catch(() => undefined);
  const text = `${isolated(message.author.name)}: ${plainSummaryOf(message.body, SHOWN)}`;
  if (notifying && !(await notify(item, text, roomPath(item)))) onRefused();
}

/** The lock that every tab holds that shows the room. */
function shownName(item: string): string {
  return `alcove.shown ${roomPath(item)}`;
}

/** A message is known by its author and id: another log gives the same numbers again (rule R5). */
function nameOf({ author, id }: Message): string {
  return `${author.id} ${id}`;
}

/** Return the last of these messages that is not deleted. */
function lastOf(names: readonly string[], room: Room): Message | undefined {
  const collected = new Set(names);
  return room
    .getState()
    .messages.findLast((message) => message.deletedAt === null && collected.has(nameOf(message)));
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
