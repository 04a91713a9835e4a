// What is saved of a conversation.
import type { Entries } from "alcove-client";
import { expect, test } from "vitest";
import { readAll, written } from "./save";

const message = (seq: number, name = "Bob") => ({
  type: "entry" as const,
  kind: "message" as const,
  seq,
  id: `id-${seq}`,
  by: { id: "bob", name },
  at: Date.UTC(2026, 10, 26),
  body: `m${seq}`,
});

/** A server with these pages, the newest first. */
function serverOf(...pages: Omit<Entries, "head">[]) {
  return { loadEntries: async () => pages.shift() ?? { entries: [], oldest: 1, log: "one" } };
}

const { signal } = new AbortController();

test("all pages are read, in the order of the log", async () => {
  const server = serverOf(
    { entries: [message(3)], oldest: 1, log: "one" },
    { entries: [message(1), message(2)], oldest: 1, log: "one" },
  );
  const { messages, whole } = await readAll(server, "foo", () => undefined, signal);

  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(whole).toBe(true);
});

test("R5 pages of two logs do not become one conversation", async () => {
  const server = serverOf(
    { entries: [message(3)], oldest: 1, log: "one" },
    { entries: [message(1), message(2)], oldest: 1, log: "two" },
  );

  await expect(readAll(server, "foo", () => undefined, signal)).rejects.toThrow("replaced");
});

test("a name in a line of text turns nothing but itself", () => {
  const conversation = { messages: [message(1, "\u202eevil")], whole: true };

  expect(written(conversation, "text", "deleted")).toBe("2026-11-26T00:00:00.000Z \u2068evil\u2069: m1\n");
});
