// Times in the format of the reader's language and region.

/** Cache what a locale needs: making a format costs far more than using it. */
function cached<T>(make: (locale: string) => T): (locale: string) => T {
  const made = new Map<string, T>();
  return (locale) => {
    const known = made.get(locale) ?? make(locale);
    made.set(locale, known);
    return known;
  };
}

const clock = cached((locale) => new Intl.DateTimeFormat(locale, { timeStyle: "short" }));
const full = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }));
const weekday = cached((locale) => new Intl.DateTimeFormat(locale, { weekday: "short" }));
const date = cached((locale) => new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }));
const oldDate = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "short" }));
const day = cached(
  (locale) => new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short" }),
);
const oldDay = cached((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
const relative = cached((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));

/** Return the time of day, as `20:34`. */
export function clockOf(at: number, locale: string): string {
  return clock(locale).format(at);
}

/** Return date and time in full. */
export function fullOf(at: number, locale: string): string {
  return full(locale).format(at);
}

/** Return the day as a heading: `Today`, `Yesterday`, `Tue 24 Nov`, with the year if it is another one. */
export function dayLabel(at: number, now: number, locale: string): string {
  const ago = daysBetween(at, now);
  if (ago === 0 || ago === 1) return capitalized(relative(locale).format(-ago, "day"), locale);
  // Some languages put a comma between weekday and date, which is not needed here.
  return sameYear(at, now) ? day(locale).format(at).replace(",", "") : oldDay(locale).format(at);
}

/** Return a short time for a list: the time of day, the weekday within a week, then the date. */
export function shortTime(at: number, now: number, locale: string): string {
  const ago = daysBetween(at, now);
  if (ago <= 0) return clockOf(at, locale);
  if (ago < 7) return weekday(locale).format(at);
  return (sameYear(at, now) ? date : oldDate)(locale).format(at);
}

/** Return the day on the reader's calendar, as `2026-11-26`. */
export function dayOf(at: number): string {
  const time = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${String(time.getFullYear()).padStart(4, "0")}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

const DAY_MS = 86_400_000;

/** Count calendar days; a day has 23 or 25 hours when the clock changes. */
function daysBetween(at: number, now: number): number {
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY_MS);
}

function sameYear(one: number, other: number): boolean {
  return new Date(one).getFullYear() === new Date(other).getFullYear();
}

function capitalized(text: string, locale: string): string {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return first.toLocaleUpperCase(locale) + text.slice(first.length);
}
