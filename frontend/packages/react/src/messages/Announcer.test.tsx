// What a screen reader is told of new messages.
import { act } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { entry, RoomTab } from "../../test/support/roomTab";
import { Room } from "..";

const announced = () => document.querySelector("[aria-live=polite]")?.textContent;
const pause = () => act(() => vi.advanceTimersByTimeAsync(1000));

let tab: RoomTab;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  tab = new RoomTab();
  await tab.show(<Room item="foo" />);
  await tab.greet({ head: 2 });
  await tab.hear(entry(1), entry(2));
});

afterEach(() => {
  vi.useRealTimers();
});

test("what was there before is not announced", async () => {
  await pause();

  expect(announced()).toBe("");
});

test("messages of a moment are announced together, with their authors", async () => {
  await tab.hear(entry(3));
  await tab.hear(entry(4));
  expect(announced()).toBe("");
  await pause();

  expect(announced()).toBe("Bob: m3 Bob: m4");
});

test("many messages are counted", async () => {
  await tab.hear(entry(3), entry(4), entry(5), entry(6));
  await pause();

  expect(announced()).toBe("4 new messages");
});

test("own messages are not announced, nor those that were deleted meanwhile", async () => {
  await tab.hear(entry(3, { by: { id: "ada", name: "Ada" } }), entry(4));
  await tab.hear({ ...entry(5), kind: "delete", target: 4, body: undefined });
  await pause();

  expect(announced()).toBe("");
});

test("the same text is announced again", async () => {
  await tab.hear(entry(3, { body: "ping" }));
  await pause();
  const before = document.querySelector("[aria-live=polite] span");
  await tab.hear(entry(4, { body: "ping" }));
  await pause();

  expect(announced()).toBe("Bob: ping");
  expect(document.querySelector("[aria-live=polite] span")).not.toBe(before);
});

test("the log itself is silent", () => {
  expect(document.querySelector("[role=log]")?.getAttribute("aria-live")).toBe("off");
});
