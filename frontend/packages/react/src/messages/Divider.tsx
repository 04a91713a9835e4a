// The lines between messages: days and notes.

import { type ReactNode, useEffect, useState } from "react";
import { useAlcoveContext } from "../provider";
import styles from "./Divider.module.css";
import { dayLabel, dayOf } from "./times";

export function DayDivider({ at }: { readonly at: number }) {
  return (
    <div className={styles.divider}>
      <Day at={at} />
    </div>
  );
}

/** The day of the messages in sight, over the top of the log: the divider itself may be far above. */
export function StickyDay({ at }: { readonly at: number }) {
  return (
    <div className={styles.sticky} aria-hidden="true">
      <Day at={at} />
    </div>
  );
}

function Day({ at }: { readonly at: number }) {
  const { locale } = useAlcoveContext();
  const now = useToday();
  return (
    <time className={styles.day} dateTime={dayOf(at)}>
      {dayLabel(at, now, locale)}
    </time>
  );
}

type NoteProps = { readonly strong?: boolean; readonly children: ReactNode };

export function Note({ strong = false, children }: NoteProps) {
  return (
    <div className={styles.divider} data-strong={strong}>
      <span>{children}</span>
    </div>
  );
}

/** Return a time of today; the component renders again when the day ends. */
function useToday(): number {
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    const midnight = new Date(now).setHours(24, 0, 0, 0);
    const timer = setTimeout(() => setNow(Date.now()), midnight - now + 1);
    return () => clearTimeout(timer);
  }, [now]);

  return now;
}
