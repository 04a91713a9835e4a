// Which message ↑ opens.
import type { Message } from "alcove-client";
import { expect, test } from "vitest";
import { lastOwn } from "./lastOwn";

const me = { id: "ada", name: "Ada", can: ["read", "write"] } as const;
const message = (seq: number | null, more: Partial<Message> = {}): Message => ({
  seq,
  kind: "message",
  id: `id-${seq}`,
  author: { id: "ada", name: "Ada" },
  at: 1,
  body: `body ${seq}`,
  editedAt: null,
  deletedAt: null,
  delivery: "sent",
  error: null,
  failedChange: null,
  ...more,
});
const error = { code: "invalid", message: "no" };

test("a pending edit is opened with its own text", () => {
  const messages = [message(1), message(2, { body: "new text", editedAt: 9, delivery: "queued" })];

  expect(lastOwn({ messages, me })).toMatchObject({ seq: 2, body: "new text" });
});

test("a message that is being deleted is skipped", () => {
  const messages = [message(1), message(2, { body: null, deletedAt: 9, delivery: "queued" })];

  expect(lastOwn({ messages, me })).toMatchObject({ seq: 1, body: "body 1" });
});

test("a failed edit is opened again", () => {
  const messages = [message(2, { body: "new text", delivery: "failed", error })];

  expect(lastOwn({ messages, me })).toMatchObject({ seq: 2, body: "new text" });
});

test("a failed message is opened again", () => {
  const messages = [message(1), message(null, { delivery: "failed", error })];

  expect(lastOwn({ messages, me })).toMatchObject({ seq: null, delivery: "failed" });
});

test("nothing is opened while the last message is on its way", () => {
  expect(lastOwn({ messages: [message(1), message(null, { delivery: "queued" })], me })).toBeNull();
});

test("deleted messages and those of others are skipped", () => {
  const messages = [
    message(1),
    message(2, { deletedAt: 5 }),
    message(3, { author: { id: "bob", name: "Bob" } }),
  ];

  expect(lastOwn({ messages, me })).toMatchObject({ seq: 1 });
  expect(lastOwn({ messages: messages.slice(1), me })).toBeNull();
});
