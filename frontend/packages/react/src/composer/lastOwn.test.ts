// Which message ↑ opens, and with which words.

import type { Draft, MessageEntry } from "alcove-client";
import { expect, test } from "vitest";
import { lastOwn } from "./lastOwn";

const me = { id: "ada", name: "Ada", can: ["read", "write"] } as const;
const entry = (seq: number, more: Partial<MessageEntry> = {}): MessageEntry => ({
  type: "entry",
  kind: "message",
  seq,
  id: `id-${seq}`,
  by: { id: "ada", name: "Ada" },
  at: seq,
  body: `body ${seq}`,
  ...more,
});
const change = (command: Draft["command"], progress: Draft["progress"] = { is: "waiting" }): Draft => ({
  type: "draft",
  id: command.id,
  you: "ada",
  log: "log",
  at: 9,
  command,
  progress,
});
const edit = { type: "edit", id: "e", target: 2, body: "new words" } as const;
const refused = { is: "refused", code: "invalid", message: "no" } as const;

test("an edit on its way is opened with its own words", () => {
  const found = lastOwn({ rows: [entry(1), entry(2)], me, changes: new Map([[2, change(edit)]]) });

  expect(found).toMatchObject({ is: "entry", entry: { seq: 2 }, body: "new words" });
});

test("a message that is being deleted is passed over", () => {
  const deletion = change({ type: "delete", id: "d", target: 2 });

  expect(lastOwn({ rows: [entry(1), entry(2)], me, changes: new Map([[2, deletion]]) })).toMatchObject({
    is: "entry",
    entry: { seq: 1 },
    body: "body 1",
  });
});

test("a refused edit is opened again", () => {
  const found = lastOwn({ rows: [entry(2)], me, changes: new Map([[2, change(edit, refused)]]) });

  expect(found).toMatchObject({ is: "refused", draft: { id: "e" } });
});

test("nothing is opened while the last message is on its way", () => {
  const sending = change({ type: "send", id: "s", body: "new" });

  expect(lastOwn({ rows: [entry(1), sending], me, changes: new Map() })).toBeNull();
});

test("deleted messages and those of others are passed over", () => {
  const rows = [entry(1), entry(2, { deleted: 5 }), entry(3, { by: { id: "bob", name: "Bob" } })];

  expect(lastOwn({ rows, me, changes: new Map() })).toMatchObject({ entry: { seq: 1 } });
  expect(lastOwn({ rows: rows.slice(1), me, changes: new Map() })).toBeNull();
});
