// What is counted while the page is hidden, for the title of its tab.
import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { entry, RoomTab } from "../../test/support/roomTab";
import { useMissedMessages } from "./useMissedMessages";

function Title() {
  return <p role="status">{useMissedMessages("foo")}</p>;
}

const missed = () => screen.getByRole("status").textContent;
let tab: RoomTab;

function look(state: "visible" | "hidden"): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  act(() => document.dispatchEvent(new Event("visibilitychange")));
}

beforeEach(async () => {
  tab = new RoomTab();
  await tab.show(<Title />);
  await tab.greet({ head: 0 });
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("messages of others count while the page is hidden, but not those that are deleted", async () => {
  await tab.hear(entry(1));
  look("hidden");
  await tab.hear(entry(2), entry(3), entry(4, { by: { id: "ada", name: "Ada" } }));
  expect(missed()).toBe("2");
  await tab.hear({ ...entry(5), kind: "delete", target: 2, body: undefined });

  expect(missed()).toBe("1");
  look("visible");
  expect(missed()).toBe("0");
});

test("R5 messages of another log count under numbers that counted before", async () => {
  look("hidden");
  await tab.hear(entry(1), entry(2));
  await tab.greet({ head: 0, log: "two", reset: true });
  await tab.hear(entry(1, { id: "other-1" }), entry(2, { id: "other-2" }));

  expect(missed()).toBe("4");
});
