// A time: how long ago, and the full date on hover.
import { useEffect, useReducer } from "react";
import { useAlcoveContext } from "../provider";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type WhenProps = {
  /** Ms since the epoch. */
  readonly at: number;
  /** Whether no line above says which day it is, and space is short. */
  readonly alone?: boolean;
};

export function When({ at, alone = false }: WhenProps) {
  const { locale } = useAlcoveContext();
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    const minute = setInterval(redraw, MINUTE_MS);
    return () => clearInterval(minute);
  }, []);

  return (
    <time dateTime={new Date(at).toISOString()} title={exact(locale).format(at)}>
      {relative(at, Date.now(), locale, alone)}
    </time>
  );
}

/** Return minutes within the last hour, the time of day before that, and with `alone` the date after a day. */
export function relative(at: number, now: number, locale: string, alone: boolean): string {
  const age = Math.max(0, now - at);
  if (alone && age >= DAY_MS) return day(locale).format(at);
  if (age >= HOUR_MS) return clock(locale).format(at);
  return (alone ? shortlyAgo : ago)(locale).format(-Math.floor(age / MINUTE_MS), "minute");
}

/** Cache formats: making one costs far more than using it. */
function cached<T>(make: (locale: string) => T): (locale: string) => T {
  const made = new Map<string, T>();
  return (locale) => {
    const known = made.get(locale) ?? make(locale);
    made.set(locale, known);
    return known;
  };
}

const exact = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }));
const clock = cached((locale) => new Intl.DateTimeFormat(locale, { timeStyle: "short" }));
const day = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "short" }));
const shortlyAgo = cached(
  (locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" }),
);
const ago = cached((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
