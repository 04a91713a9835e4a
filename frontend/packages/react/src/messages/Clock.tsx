// The time of a message; the full date on hover, tap or focus.
import { useAlcoveContext } from "../provider";
import styles from "./Clock.module.css";
import { clockOf, fullOf } from "./times";

export function Clock({ at }: { readonly at: number }) {
  const { locale } = useAlcoveContext();
  return (
    // Focusable for a tap alone: keys reach the message, which shows the same.
    <time
      className={styles.clock}
      dateTime={new Date(at).toISOString()}
      data-full={fullOf(at, locale)}
      tabIndex={-1}
    >
      {clockOf(at, locale)}
    </time>
  );
}
