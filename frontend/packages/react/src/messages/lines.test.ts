// Where days begin, where the unread line is, and which messages are grouped.

import type { Message, RoomState } from "alcove-client";
import { expect, test } from "vitest";
import { linesOf, type Unread } from "./lines";

const NOON = new Date(2026, 10, 22, 12).getTime();
const message = (seq: number | null, by: string, at: number, id = `id-${seq}`): Message => ({
  seq,
  kind: "message",
  id,
  author: { id: by, name: by },
  at,
  body: "",
  editedAt: null,
  deletedAt: null,
  delivery: seq === null ? "queued" : "sent",
  error: null,
  failedChange: null,
});
const history: RoomState["history"] = { status: "idle", gap: null, wasReset: false };
const lines = (messages: readonly Message[], unread: Unread | null = null, me: string | null = "bob") =>
  linesOf({ messages, history }, unread, me);
const shape = (found: ReturnType<typeof linesOf>) =>
  found.map((line) => (line.type === "message" && line.follows ? "follows" : line.type));

test("a day's first message has the day above it", () => {
  const messages = [
    message(1, "ada", NOON),
    message(2, "ada", NOON + 1000),
    message(3, "ada", NOON + 86_400_000),
  ];

  expect(shape(lines(messages))).toEqual(["day", "message", "follows", "day", "message"]);
});

test("the unread line is before the first message of others behind the mark", () => {
  const messages = [
    message(1, "ada", NOON),
    message(2, "bob", NOON),
    message(3, "ada", NOON),
    message(4, "ada", NOON),
  ];

  expect(shape(lines(messages, { after: 1, upTo: 4 }))).toEqual([
    "day",
    "message",
    "message",
    "unread",
    "message",
    "follows",
  ]);
});

test("a message keeps its key when it gets into the log", () => {
  const [, draft] = lines([message(null, "bob", NOON, "id-1")]);
  const [, entry] = lines([message(1, "bob", NOON, "id-1")]);

  expect(draft?.key).toBe(entry?.key);
});

test("a draft written before the member is known keeps its key when it is sent", () => {
  const [, draft] = lines([message(null, "", NOON, "id-1")], null, "bob");
  const [, entry] = lines([message(1, "bob", NOON, "id-1")], null, "bob");

  expect(draft?.key).toBe(entry?.key);
});

test("what is gone stands before the messages", () => {
  const gap = { from: 1, to: 16 };
  const found = linesOf(
    { messages: [message(17, "ada", NOON)], history: { status: "complete", gap, wasReset: true } },
    null,
    null,
  );

  expect(shape(found)).toEqual(["reset", "gap", "day", "message"]);
  expect(found[1]).toEqual({ type: "gap", key: "gap", ...gap });
});

test("S14 an event is a line of its own, and the message after it begins with its author", () => {
  const event = { ...message(2, "ada", NOON + 1), kind: "event", body: { text: "shipped" } } as const;

  expect(shape(lines([message(1, "ada", NOON), event, message(3, "ada", NOON + 2)]))).toEqual([
    "day",
    "message",
    "event",
    "message",
  ]);
});
