// Tells a screen reader of new messages: each once, gathered, and politely.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomView } from "../../client/roomView";
import styles from "../../ui/hidden.module.css";

/** How long messages gather, in ms; more than so many are counted, not read out. */
const GATHER_MS = 1000;
const READ_OUT = 3;

export function Announcer({ view }: { readonly view: RoomView }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState({ n: 0, words: "" });
  const latest = useRef(view);
  const told = useRef<number | null>(null);
  const due = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { cursor, status } = view;

  useEffect(() => {
    latest.current = view;
  });

  useEffect(() => {
    // What was there on opening is to be read, not announced.
    if (told.current === null) {
      if (status.is === "live") told.current = cursor;
      return;
    }
    if (cursor <= told.current || due.current) return;
    due.current = true;
    timer.current = setTimeout(() => {
      due.current = false;
      const after = told.current ?? 0;
      const { rows, me } = latest.current;
      told.current = latest.current.cursor;
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
          fresh.map((row) => (row.type === "entry" ? `${row.by.name}: ${spoken(row.body)}` : "")).join(" "),
        );
    }, GATHER_MS);
  }, [cursor, status.is, t]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <p className={styles.hidden} aria-live="polite" aria-atomic="true">
      {/* The same words again are news again: a new key puts a new element there. */}
      <span key={said.n}>{said.words}</span>
    </p>
  );
}

function spoken(body: unknown): string {
  return (typeof body === "string" ? body : JSON.stringify(body ?? "")).slice(0, 300);
}
