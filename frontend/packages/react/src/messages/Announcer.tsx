// Tells a screen reader of new messages: each once, several together, and politely.

import type { Message, Room } from "alcove-client";
import { useEffect, useState } from "react";
import styles from "../lib/hidden.module.css";
import { isolated } from "../members/isolated";
import { useAlcoveContext } from "../provider";
import { plainSummaryOf } from "./summary";

/** How long messages are collected, in ms. */
const COLLECT_MS = 1000;
/** Messages that are read out; more are counted. */
const READ_OUT = 3;
/** Messages that are counted, at most. */
const COUNTED = 100;
/** Characters of a message that are read out. */
const SPOKEN = 300;

export function Announcer({ room }: { readonly room: Room }) {
  const { t } = useAlcoveContext();
  const [announcement, setAnnouncement] = useState({ n: 0, text: "" });

  useEffect(() => {
    let collected: Message[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    function announce() {
      timer = undefined;
      const fresh = stillThere(collected, room);
      collected = [];
      if (fresh.length === 0) return;
      const text =
        fresh.length > READ_OUT
          ? t("room.announced", { count: fresh.length })
          : fresh
              .map(({ author, body }) => `${isolated(author.name)}: ${plainSummaryOf(body, SPOKEN)}`)
              .join(" ");
      setAnnouncement(({ n }) => ({ n: n + 1, text }));
    }

    const stop = room.on("message", (message) => {
      if (message.author.id === room.getState().me?.id) return;
      if (collected.length < COUNTED) collected.push(message);
      timer ??= setTimeout(announce, COLLECT_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [room, t]);

  return (
    <p className={styles.hidden} aria-live="polite" aria-atomic="true">
      {/* The same text again is announced again: a new key makes a new element. */}
      <span key={announcement.n}>{announcement.text}</span>
    </p>
  );
}

/** Return the messages that have not been deleted since, with the body that they have now. */
function stillThere(collected: readonly Message[], room: Room): readonly Message[] {
  const seqs = new Set(collected.map(({ seq }) => seq));
  return room.getState().messages.filter(({ seq, deletedAt }) => seqs.has(seq) && deletedAt === null);
}
