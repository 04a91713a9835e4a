// The lines between messages: days, and what is to be known there.

import { dayOf } from "alcove-react";
import type { ReactNode } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./RoomLog.module.css";

export function DayLine({ at }: { readonly at: number }) {
  const { i18n } = useTranslation();
  const words = new Intl.DateTimeFormat(i18n.language, { dateStyle: "full" }).format(at);
  return (
    <div className={styles.rule}>
      <time dateTime={dayOf(at)}>{words}</time>
    </div>
  );
}

export function Note({
  strong = false,
  children,
}: {
  readonly strong?: boolean;
  readonly children: ReactNode;
}) {
  return <div className={`${styles.rule} ${strong ? styles.unread : ""}`}>{children}</div>;
}
