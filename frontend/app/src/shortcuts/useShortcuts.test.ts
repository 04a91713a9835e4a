// Only combinations of keys trigger shortcuts; typed text does not.
import { fireEvent, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { type Shortcut, useShortcuts } from "./useShortcuts";

const all: readonly Shortcut[] = ["search", "help", "details", "developer", "end"];

test.each([
  [{ key: "k", ctrlKey: true }, "search"],
  [{ key: ".", code: "Period", ctrlKey: true }, "details"],
  [{ key: ":", code: "Period", ctrlKey: true, shiftKey: true }, "developer"],
  [{ key: "/", ctrlKey: true, shiftKey: true }, "help"],
  [{ key: "End" }, "end"],
  [{ key: "?" }, null],
  [{ key: "/" }, null],
  [{ key: "c" }, null],
  [{ key: "w" }, null],
  [{ key: "k", ctrlKey: true, altKey: true }, null],
])("%j: %j", (key, expected) => {
  const done: Shortcut[] = [];
  const actions = Object.fromEntries(all.map((shortcut) => [shortcut, () => done.push(shortcut)]));
  renderHook(() => useShortcuts(actions));
  fireEvent.keyDown(document.body, key);

  expect(done).toEqual(expected === null ? [] : [expected]);
});
