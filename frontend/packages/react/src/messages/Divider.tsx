// The lines between messages: days and notes.

import type { ReactNode } from "react";
import { useAlcoveContext } from "../provider";
import { dayOf } from "./lines";
import styles from "./RoomLog.module.css";

export function DayDivider({ at }: { readonly at: number }) {
  const { locale } = useAlcoveContext();
  return (
    <div className={styles.divider}>
      <time dateTime={dayOf(at)}>{new Intl.DateTimeFormat(locale, { dateStyle: "full" }).format(at)}</time>
    </div>
  );
}

type NoteProps = { readonly strong?: boolean; readonly children: ReactNode };

export function Note({ strong = false, children }: NoteProps) {
  return <div className={`${styles.divider} ${strong ? styles.unread : ""}`}>{children}</div>;
}
