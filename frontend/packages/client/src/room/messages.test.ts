// Messages as an application sees them: on their way, refused, and as events.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientTab, message, NOW, say, settle } from "../../test/support/clientTab";
import { CommandError } from "../connection/pending";

let tab: ClientTab;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW });
  tab = new ClientTab();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("messages on their way", () => {
  test("S3 `delivered` resolves with the message once it is durable", async () => {
    const { room, socket } = await tab.joined();
    const { id, delivered } = room.send("hello");
    expect(room.getState().messages).toMatchObject([{ id, seq: null, body: "hello", delivery: "queued" }]);
    await settle();
    expect(socket.sent.map((line) => JSON.parse(line))).toEqual([{ type: "send", id, body: "hello" }]);
    say(socket, { type: "ack", id, seq: 1, at: NOW, duplicate: false });

    expect(await delivered).toMatchObject({
      id,
      seq: 1,
      body: "hello",
      delivery: "sent",
      author: { id: "ada" },
    });
    expect(room.getState().messages).toMatchObject([{ id, seq: 1, delivery: "sent" }]);
  });

  test("S3 an entry that comes before its ack delivers the message, too", async () => {
    const { room, socket } = await tab.joined();
    const { id, delivered } = room.send("hello");
    await settle();
    say(socket, message(1, { id, by: { id: "ada", name: "Ada" }, body: "hello" }));
    say(socket, { type: "ack", id, seq: 1, at: NOW, duplicate: false });

    expect(await delivered).toMatchObject({ id, seq: 1 });
    expect(room.getState().messages).toHaveLength(1);
  });

  test("S6 a refused message stays with its error until it is retried or discarded", async () => {
    const { room, socket } = await tab.joined();
    const { id, delivered } = room.send("hello");
    await settle();
    say(socket, { type: "error", code: "forbidden", message: "read only", id });

    await expect(delivered).rejects.toMatchObject({ code: "forbidden" });
    await expect(delivered).rejects.toBeInstanceOf(CommandError);
    expect(room.getState().messages).toMatchObject([
      { id, delivery: "failed", error: { code: "forbidden", message: "read only" } },
    ]);
    room.retry(id);
    await settle();
    expect(socket.sent).toHaveLength(2);
    say(socket, { type: "error", code: "forbidden", message: "read only", id });
    await settle();
    room.discard(id);
    expect(room.getState().messages).toEqual([]);
  });

  test("L1 a body that is too large does not leave the outbox", async () => {
    const { room, socket } = await tab.joined();
    const { id, delivered } = room.send("x".repeat(99));
    const refusal = expect(delivered).rejects.toMatchObject({ code: "too_large" });
    await settle();

    await refusal;
    expect(socket.sent).toEqual([]);
    expect(room.getState().messages).toMatchObject([
      { id, delivery: "failed", error: { code: "too_large" } },
    ]);
  });

  test("S6 a refused edit is retried and discarded by the id of its message", async () => {
    const { room, socket } = await tab.joined(undefined, { head: 1 });
    say(socket, message(1, { by: { id: "ada", name: "Ada" } }));
    const { id } = room.edit(1, "new");
    await settle();
    say(socket, { type: "error", code: "invalid", message: "no", id });
    await settle();
    expect(room.getState().messages).toMatchObject([
      { id: "id-1", body: "m1", delivery: "failed", failedChange: { type: "edit", body: "new" } },
    ]);
    room.retry("id-1");
    await settle();
    expect(socket.sent).toHaveLength(2);
    say(socket, { type: "error", code: "invalid", message: "no", id });
    await settle();
    room.discard("id-1");

    expect(room.getState().messages).toMatchObject([{ id: "id-1", body: "m1", delivery: "sent" }]);
  });
});

describe("the message event", () => {
  test("is for what comes after the join, not for history", async () => {
    const client = tab.open();
    const room = client.room("foo");
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    room.join();
    await settle();
    const socket = await tab.greet(room, { head: 2 });
    say(socket, message(1));
    say(socket, message(2));
    expect(heard).toEqual([]);
    say(socket, message(3));

    expect(heard).toEqual([3]);
  });

  test("R2 comes once for what was missed while the connection was lost", async () => {
    const { room, socket } = await tab.joined();
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    say(socket, message(1));
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    const next = await tab.greet(room, { head: 2 });
    say(next, message(2));

    expect(heard).toEqual([1, 2]);
  });

  test("R5 does not come for the history of a log that replaced the room's", async () => {
    const { room, socket } = await tab.joined();
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    say(socket, message(1));
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    const next = await tab.greet(room, { head: 1, log: "two", reset: true });
    say(next, message(1));
    expect(room.getState().history.wasReset).toBe(true);
    say(next, message(2));

    expect(heard).toEqual([1, 2]);
  });

  test("edits and deletes have events of their own", async () => {
    const { room, socket } = await tab.joined();
    const heard: unknown[] = [];
    room.on("edit", ({ seq, body }) => heard.push(["edit", seq, body]));
    const stop = room.on("delete", ({ seq, deletedAt }) => heard.push(["delete", seq, deletedAt]));
    const by = { id: "bob", name: "Bob" };
    say(socket, message(1));
    say(socket, { type: "entry", seq: 2, kind: "edit", id: "e", by, at: 7, target: 1, body: "new" });
    say(socket, { type: "entry", seq: 3, kind: "delete", id: "d", by, at: 8, target: 1 });
    stop();

    expect(heard).toEqual([
      ["edit", 1, "new"],
      ["delete", 1, 8],
    ]);
  });
});
