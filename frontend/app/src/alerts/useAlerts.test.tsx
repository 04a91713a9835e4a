// What alerts while the page is hidden.
import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { entry, RoomTab } from "../../../packages/react/test/support/roomTab";
import { useAlerts } from "./useAlerts";

/** Longer than a message must stay before it alerts, and than the tabs of a browser take to agree, in ms. */
const SOON_MS = 3000;

const shown: string[] = [];
let refused: number;
let tab: RoomTab;

class Notifications {
  static readonly permission = "granted";

  constructor(_title: string, { body }: { body: string }) {
    shown.push(body);
  }
}

/** Browsers of phones have the class, and throw where a page uses it. */
class PhoneNotifications {
  static readonly permission = "granted";

  constructor() {
    throw new TypeError("Illegal constructor");
  }
}

function Alerting() {
  useAlerts("foo", { notifying: true, ringing: false }, () => {
    refused += 1;
  });
  return null;
}

async function hear(...lines: Parameters<RoomTab["hear"]>): Promise<void> {
  await tab.hear(...lines);
  await act(() => vi.advanceTimersByTimeAsync(SOON_MS));
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  vi.stubGlobal("Notification", Notifications);
  vi.stubGlobal("BroadcastChannel", undefined);
  shown.length = 0;
  refused = 0;
  tab = new RoomTab();
  await tab.show(<Alerting />);
  await tab.greet();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a message of another member alerts, one's own does not", async () => {
  await hear(entry(1), entry(2, { by: { id: "ada", name: "Ada" } }));

  expect(shown).toEqual(["Bob: m1"]);
});

test("a message that is deleted at once alerts nobody", async () => {
  await hear(entry(1), { ...entry(2), kind: "delete", target: 1, body: undefined });

  expect(shown).toEqual([]);
});

test("R5 a message of another log alerts under a number that has alerted before", async () => {
  await hear(entry(1));
  await tab.greet({ log: "two", reset: true });
  await hear(entry(1, { id: "other-1", body: "in the new log" }));

  expect(shown).toEqual(["Bob: m1", "Bob: in the new log"]);
});

test("where the browser throws the switch is told", async () => {
  vi.stubGlobal("Notification", PhoneNotifications);
  await hear(entry(1));

  expect(shown).toEqual([]);
  expect(refused).toBe(1);
});
