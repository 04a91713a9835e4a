// One frame: a line of the list, which opens into the whole text.

import type { WireLine } from "alcove-client";
import { useTranslation } from "../i18n/translation";
import styles from "./Frames.module.css";

const TO_THE_MS = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
} as const;

type FrameRowProps = {
  readonly line: WireLine;
  readonly isExpanded: boolean;
  readonly onToggle: () => void;
};

export function FrameRow({ line, isExpanded, onToggle }: FrameRowProps) {
  const { t, locale } = useTranslation();
  const { way, at, over, size, text } = line;

  return (
    <>
      <button
        type="button"
        className={styles.row}
        data-way={way}
        // The list is one stop of Tab: the arrows move from row to row.
        tabIndex={-1}
        aria-expanded={isExpanded}
        onClick={onToggle}
      >
        <span className={styles.time}>{timeOf(locale).format(at)}</span>
        <span className={styles.way}>
          <span aria-hidden="true">{way === "in" ? "↓" : "↑"}</span>
          <span className={styles.hidden}>{t(`developer.${way}`)}</span>
        </span>
        <code className={styles.text}>{text}</code>
        <span className={styles.size}>
          {over !== "socket" && <span>{`${over} · `}</span>}
          <span>{t("developer.bytes", { count: size })}</span>
        </span>
      </button>
      {isExpanded && <pre className={styles.whole}>{indented(text)}</pre>}
    </>
  );
}

const times = new Map<string, Intl.DateTimeFormat>();

/** Return a format of the time of day to the millisecond; making one costs more than a row. */
function timeOf(locale: string): Intl.DateTimeFormat {
  const known = times.get(locale) ?? new Intl.DateTimeFormat(locale, TO_THE_MS);
  times.set(locale, known);
  return known;
}

/** Return JSON with indents, and anything else as it is: a frame may be longer than what is kept of it. */
function indented(text: string): string {
  try {
    return text
      .split("\n")
      .map((line) => JSON.stringify(JSON.parse(line), null, 2))
      .join("\n");
  } catch {
    return text;
  }
}
