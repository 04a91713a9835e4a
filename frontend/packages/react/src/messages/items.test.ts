// Where days begin, where one has read to, and who goes on speaking.

import type { MessageEntry } from "alcove-client";
import { expect, test } from "vitest";
import { itemsOf } from "./items";

const NOON = new Date(2026, 10, 22, 12).getTime();
const message = (seq: number, by: string, at: number): MessageEntry => ({
  type: "entry",
  kind: "message",
  seq,
  id: `id-${seq}`,
  by: { id: by, name: by },
  at,
  body: "",
});
const shape = (items: ReturnType<typeof itemsOf>) =>
  items.map((item) => (item.is === "row" ? (item.follows ? "follows" : "row") : item.is));

test("a day's first message has the day above it", () => {
  const rows = [
    message(1, "ada", NOON),
    message(2, "ada", NOON + 1000),
    message(3, "ada", NOON + 86_400_000),
  ];

  expect(shape(itemsOf(rows, null, "bob"))).toEqual(["day", "row", "follows", "day", "row"]);
});

test("the unread line stands before the first message of others behind the mark", () => {
  const rows = [
    message(1, "ada", NOON),
    message(2, "bob", NOON),
    message(3, "ada", NOON),
    message(4, "ada", NOON),
  ];

  expect(shape(itemsOf(rows, { after: 1, upTo: 4 }, "bob"))).toEqual([
    "day",
    "row",
    "row",
    "unread",
    "row",
    "follows",
  ]);
});

test("a draft keeps its key when it becomes an entry", () => {
  const progress = { is: "waiting" } as const;
  const command = { type: "send", id: "id-1", body: "" } as const;
  const [, draft] = itemsOf(
    [{ type: "draft", id: "id-1", at: NOON, command, progress, you: null, log: null }],
    null,
    "bob",
  );
  const [, entry] = itemsOf([message(1, "bob", NOON)], null, "bob");

  expect(draft?.key).toBe(entry?.key);
});
