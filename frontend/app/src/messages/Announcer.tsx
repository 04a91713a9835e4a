// Tells a screen reader of new messages: each once, gathered, and politely.

import type { RoomView } from "alcove-client";
import { isolated, positionIn, type Seen, summaryOf } from "alcove-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "../ui/hidden.module.css";

/** How long messages gather, in ms; more than so many are counted, not read out. */
const GATHER_MS = 1000;
const READ_OUT = 3;
/** Signs of a message that are read out. */
const SPOKEN = 300;

export function Announcer({ view }: { readonly view: RoomView }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState({ n: 0, words: "" });
  const latest = useRef(view);
  const told = useRef<Seen | null>(null);
  const due = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { cursor, log, status } = view;

  useEffect(() => {
    latest.current = view;
  });

  useEffect(() => {
    // What was there on opening is to be read, not announced.
    if (told.current === null) {
      if (status.is === "live") told.current = { log, cursor };
      return;
    }
    if (cursor <= positionIn(told.current, log) || due.current) return;
    due.current = true;
    timer.current = setTimeout(() => {
      due.current = false;
      const { rows, me, ...now } = latest.current;
      const after = told.current === null ? 0 : positionIn(told.current, now.log);
      told.current = { log: now.log, cursor: now.cursor };
      const fresh = rows
        .slice(-100)
        .filter(
          (row) =>
            row.type === "entry" && row.seq > after && row.by.id !== me?.id && row.deleted === undefined,
        );
      const say = (words: string) => setSaid(({ n }) => ({ n: n + 1, words }));
      if (fresh.length > READ_OUT) say(t("room.announced", { count: fresh.length }));
      else if (fresh.length > 0)
        say(
          fresh
            .map((row) =>
              row.type === "entry" ? `${isolated(row.by.name)}: ${summaryOf(row.body, SPOKEN)}` : "",
            )
            .join(" "),
        );
    }, GATHER_MS);
  }, [cursor, log, status.is, t]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <p className={styles.hidden} aria-live="polite" aria-atomic="true">
      {/* The same words again are news again: a new key puts a new element there. */}
      <span key={said.n}>{said.words}</span>
    </p>
  );
}
