// Times in the reader's language and region.
import { afterEach, expect, test, vi } from "vitest";
import { clockOf, dayLabel, dayOf, shortTime } from "./times";

const at = (day: number, hour = 20, minute = 34) => new Date(2026, 10, day, hour, minute).getTime();
const now = at(26, 21);

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the clock follows the region of the reader", () => {
  expect(clockOf(at(26), "en-GB")).toBe("20:34");
  expect(clockOf(at(26), "en-US")).toMatch(/^8:34\sPM$/);
  expect(clockOf(at(26), "es")).toBe("20:34");
});

test.each([
  ["en-GB", 26, "Today"],
  ["en-GB", 25, "Yesterday"],
  ["en-GB", 24, "Tue 24 Nov"],
  ["es", 26, "Hoy"],
  ["es", 24, "mar 24 nov"],
])("in %s the %s is %s", (locale, day, label) => {
  expect(dayLabel(at(day), now, locale)).toBe(label);
});

test("another year is named", () => {
  expect(dayLabel(new Date(2025, 10, 26).getTime(), now, "en-GB")).toBe("26 Nov 2025");
});

test.each([
  [26, "20:34"],
  [25, "Wed"],
  [19, "19 Nov"],
])("in a list, the %s of November is %s", (day, shown) => {
  expect(shortTime(at(day), now, "en-GB")).toBe(shown);
});

test.each([
  ["Pacific/Auckland", "2026-11-25T20:00Z", "2026-11-26"],
  ["America/Los_Angeles", "2026-11-26T02:00Z", "2026-11-25"],
  ["UTC", "2026-11-26T02:00Z", "2026-11-26"],
])("in %s the day of %s is %s", (zone, time, day) => {
  vi.stubEnv("TZ", zone);

  expect(dayOf(new Date(time).getTime())).toBe(day);
});
