// One run of entries, whatever order the news come in.
import { beforeEach, expect, test } from "vitest";
import type { Entry } from "../protocol/wire.gen";
import { Timeline } from "./timeline";

const by = { id: "ada", name: "Ada" };
const base = (seq: number) => ({ type: "entry", seq, id: `id-${seq}`, by, at: seq }) as const;
const message = (seq: number): Entry => ({ ...base(seq), kind: "message", body: `m${seq}` });
const edit = (seq: number, target: number): Entry => ({
  ...base(seq),
  kind: "edit",
  target,
  body: `e${seq}`,
});
const remove = (seq: number, target: number): Entry => ({ ...base(seq), kind: "delete", target });
const page = (before: number, ...entries: Entry[]) => ({ log: "one", before, oldest: 1, entries });

let timeline: Timeline;
const bodies = () => timeline.messages.map(({ body }) => body);

beforeEach(() => {
  timeline = new Timeline();
});

function greet(head: number, more: { log?: string; oldest?: number; reset?: boolean } = {}) {
  timeline.greet({ log: "one", oldest: 1, reset: false, ...more, head });
}

function take(...entries: Entry[]) {
  return entries.map((entry) => timeline.take(entry));
}

test("R3 an entry comes once, and none is passed over", () => {
  greet(7);

  expect(take(message(5), message(6), message(5), message(8), message(7))).toEqual([
    "next",
    "next",
    "known",
    "hole",
    "next",
  ]);
  expect(bodies()).toEqual(["m5", "m6", "m7"]);
  expect(timeline.cursor).toBe(7);
});

test("an empty room begins with 1", () => {
  greet(0);

  expect(take(message(2), message(1))).toEqual(["hole", "next"]);
});

test("a page joins where it touches, and nowhere else", () => {
  greet(6);
  take(message(5), message(6));

  expect(timeline.prepend(page(4, message(3)))).toBe(false);
  expect(timeline.prepend({ ...page(5, message(4)), log: "two" })).toBe(false);
  expect(timeline.prepend(page(5, message(1), message(3), message(4)))).toBe(true);
  expect(bodies()).toEqual(["m3", "m4", "m5", "m6"]);
});

test("S9 edits and deletes change what is there", () => {
  greet(2);
  take(message(1), message(2), edit(3, 1), edit(4, 1), remove(5, 2));

  expect(timeline.messages).toEqual([
    { ...message(1), body: "e4", edited: 4 },
    { ...base(2), kind: "message", deleted: 5 },
  ]);
});

test("S9 edits and deletes that come before their target's page are applied to it", () => {
  greet(5);
  take(message(5), edit(6, 1), edit(7, 2), remove(8, 2));
  timeline.prepend(page(5, message(1), message(2), message(3), edit(4, 2)));

  expect(timeline.messages.slice(0, 2)).toEqual([
    { ...message(1), body: "e6", edited: 6 },
    { ...base(2), kind: "message", deleted: 8 },
  ]);
});

test("S9 a deleted body is nowhere any more, not in its edits either", () => {
  greet(1);
  take(message(1), edit(2, 1), remove(3, 1));

  expect(JSON.stringify(timeline.snapshot(10))).not.toMatch(/m1|e2/);
});

test("an edit that a page has already does not go back to an older one", () => {
  greet(2);
  take(message(2), edit(3, 1));
  timeline.prepend(page(2, { ...message(1), body: "e9", edited: 9 } as Entry));

  expect(bodies()[0]).toBe("e9");
});

test("R4 a gap is shown, and what stood before it is gone", () => {
  greet(3);
  take(message(2), message(3));
  greet(12, { oldest: 11 });
  timeline.skip({ type: "gap", from: 4, to: 10 });
  take(message(11), message(12));

  expect(bodies()).toEqual(["m11", "m12"]);
  expect(timeline.gap).toEqual({ type: "gap", from: 4, to: 10 });
  expect(timeline.complete).toBe(true);
});

test("R5 another log resets the timeline, and reports it", () => {
  greet(3);
  take(message(2), message(3));
  greet(1, { log: "two", reset: true });
  take(message(1));

  expect(bodies()).toEqual(["m1"]);
  expect(timeline.resets).toBe(1);
});

test("what is held goes on where it was left", () => {
  greet(3);
  take(message(2), message(3));
  const held = timeline.snapshot(1);
  timeline = new Timeline();
  if (held !== null) timeline.restore(held);
  greet(5);

  expect(take(message(3), message(4))).toEqual(["known", "next"]);
  expect(bodies()).toEqual(["m3", "m4"]);
});

test("what is trimmed can be asked for again", () => {
  greet(4);
  take(message(1), message(2), message(3), message(4));
  timeline.trim(2);
  expect(bodies()).toEqual(["m3", "m4"]);
  expect(timeline.complete).toBe(false);
  timeline.prepend(page(3, message(1), message(2)));

  expect(bodies()).toEqual(["m1", "m2", "m3", "m4"]);
});

test("a message is the same object until it changes", () => {
  greet(2);
  take(message(1), message(2));
  const [first] = timeline.messages;
  take(edit(3, 2));

  expect(timeline.messages[0]).toBe(first);
});

test("S14 an event is shown among the messages, in the order of the log, and is the target of nothing", () => {
  const event = (seq: number): Entry => ({ ...base(seq), kind: "event", body: `v${seq}` });
  greet(5);
  take(event(4), message(5), remove(6, 4));
  timeline.prepend(page(4, message(2), event(3)));

  expect(bodies()).toEqual(["m2", "v3", "v4", "m5"]);
  expect(timeline.message(4)).toBe(null);
});
