// A time: how long ago, and exactly on hover.
import { useEffect, useReducer } from "react";
import { useTranslation } from "react-i18next";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `at`: ms since the epoch. */
export function When({ at }: { readonly at: number }) {
  const { i18n } = useTranslation();
  const [, redraw] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    const minute = setInterval(redraw, MINUTE_MS);
    return () => clearInterval(minute);
  }, []);

  return (
    <time dateTime={new Date(at).toISOString()} title={exact(i18n.language).format(at)}>
      {relative(at, Date.now(), i18n.language)}
    </time>
  );
}

/** In minutes within the hour, as the time of day before; days have their own line. */
export function relative(at: number, now: number, language: string): string {
  const age = Math.max(0, now - at);
  if (age >= HOUR_MS) return clock(language).format(at);
  return ago(language).format(-Math.floor(age / MINUTE_MS), "minute");
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
const ago = once((language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
