// A time: how long ago, and exactly on hover.
import { useEffect, useReducer } from "react";
import { useTranslation } from "../i18n/translation";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type WhenProps = {
  /** Ms since the epoch. */
  readonly at: number;
  /** Stands where no line above says which day it is, and where there is little room. */
  readonly alone?: boolean;
};

export function When({ at, alone = false }: WhenProps) {
  const { i18n } = useTranslation();
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    const minute = setInterval(redraw, MINUTE_MS);
    return () => clearInterval(minute);
  }, []);

  return (
    <time dateTime={new Date(at).toISOString()} title={exact(i18n.language).format(at)}>
      {relative(at, Date.now(), i18n.language, alone)}
    </time>
  );
}

/** In minutes within the hour, as the time of day before, and `alone` as the day where a day or more has gone by. */
export function relative(at: number, now: number, language: string, alone: boolean): string {
  const age = Math.max(0, now - at);
  if (alone && age >= DAY_MS) return day(language).format(at);
  if (age >= HOUR_MS) return clock(language).format(at);
  return (alone ? shortlyAgo : ago)(language).format(-Math.floor(age / MINUTE_MS), "minute");
}

/** Making a format costs far more than using it. */
function once<T>(make: (language: string) => T): (language: string) => T {
  const made = new Map<string, T>();
  return (language) => {
    const known = made.get(language) ?? make(language);
    made.set(language, known);
    return known;
  };
}

const exact = once(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" }),
);
const clock = once((language) => new Intl.DateTimeFormat(language, { timeStyle: "short" }));
const day = once((language) => new Intl.DateTimeFormat(language, { dateStyle: "short" }));
const shortlyAgo = once(
  (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" }),
);
const ago = once((language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
