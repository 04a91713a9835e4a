// The public API: a client, its rooms and what an application sees of them.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeSocket, greeting } from "../test/support/doubles";
import { FakePlatform, FakeProfile } from "../test/support/fakePlatform";
import type { GetToken } from "./auth/tokenSource";
import { type Client, createClient } from "./client";
import { CommandError } from "./connection/pending";
import type { Hello, ServerLine } from "./protocol/wire.gen";
import type { Room } from "./room/room";

const NOW = 1795366775187;
const token = (sub: string, more: object = {}) => `x.${btoa(JSON.stringify({ sub, ...more }))}.y`;
const settle = () => vi.advanceTimersByTimeAsync(0);

let profile: FakeProfile;
let platform: FakePlatform;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW });
  profile = new FakeProfile();
  platform = new FakePlatform(profile);
  platform.fetch = async () => new Response(null, { status: 204 });
});

afterEach(() => {
  vi.useRealTimers();
});

function open(getToken: GetToken = () => token("ada")): Client {
  return createClient({ url: "http://here/chat", getToken, platform });
}

async function live(room: Room, hello: Partial<Hello> = {}): Promise<FakeSocket> {
  const socket = platform.browser.newest;
  socket.accept();
  say(socket, { ...greeting, limits: { ...greeting.limits, body_bytes: 100 }, ...hello });
  await settle();
  expect(room.getState().status).toBe("live");
  return socket;
}

async function joined(getToken?: GetToken, hello: Partial<Hello> = {}) {
  const client = open(getToken);
  const room = client.room("foo");
  const leave = room.join();
  await settle();
  return { client, room, leave, socket: await live(room, hello) };
}

function say(socket: FakeSocket, line: ServerLine): void {
  socket.say(JSON.stringify(line));
}

const message = (seq: number, more: object = {}): ServerLine => ({
  type: "entry",
  seq,
  kind: "message",
  id: `id-${seq}`,
  by: { id: "bob", name: "Bob" },
  at: seq,
  body: `m${seq}`,
  ...more,
});

describe("state", () => {
  test("before the join it is idle and empty", () => {
    expect(open().room("foo").getState()).toMatchObject({
      status: "idle",
      error: null,
      retryAt: null,
      me: null,
      messages: [],
      members: [],
      memberCount: 0,
    });
  });

  test("B1 a room is under the base path of the server", async () => {
    const { socket } = await joined();

    expect(socket.url).toMatch(/^ws:\/\/here\/chat\/items\/foo\/ws\?token=/);
  });

  test("a message is in the state as its author wrote it", async () => {
    const { room, socket } = await joined();
    say(socket, message(1));

    expect(room.getState().messages).toEqual([
      {
        seq: 1,
        id: "id-1",
        author: { id: "bob", name: "Bob" },
        at: 1,
        body: "m1",
        editedAt: null,
        deletedAt: null,
        delivery: "sent",
        error: null,
      },
    ]);
  });

  test("what does not change keeps its identity", async () => {
    const { room, socket } = await joined();
    say(socket, message(1));
    const before = room.getState();
    say(socket, { type: "typing", by: { id: "bob", name: "Bob" } });
    const typing = room.getState();
    say(socket, message(2));
    const after = room.getState();

    expect(typing).not.toBe(before);
    expect(typing.messages).toBe(before.messages);
    expect(typing.members).toBe(before.members);
    expect(typing.reads).toBe(before.reads);
    expect(typing.history).toBe(before.history);
    expect(after.messages).not.toBe(before.messages);
    expect(after.messages[0]).toBe(before.messages[0]);
    expect(after.members).toBe(before.members);
    expect(room.getState()).toBe(after);
  });

  test("subscribers are told once a frame, and not after they have left", async () => {
    const { room, socket } = await joined();
    platform.browser.paint();
    const listener = vi.fn();
    const unsubscribe = room.subscribe(listener);
    say(socket, message(1));
    say(socket, message(2));
    expect(listener).not.toHaveBeenCalled();
    platform.browser.paint();
    expect(listener).toHaveBeenCalledTimes(1);
    unsubscribe();
    say(socket, message(3));
    platform.browser.paint();

    expect(listener).toHaveBeenCalledTimes(1);
  });

  test("a pending edit and a pending delete are applied", async () => {
    const { room, socket } = await joined(undefined, { head: 2 });
    const by = { id: "ada", name: "Ada" };
    say(socket, message(1, { by }));
    say(socket, message(2, { by }));
    room.edit(1, "new");
    room.delete(2);

    expect(room.getState().messages).toMatchObject([
      { seq: 1, body: "new", editedAt: NOW, delivery: "queued" },
      { seq: 2, body: null, deletedAt: NOW, delivery: "queued" },
    ]);
  });

  test("a refused connection says why, and when it is tried again", async () => {
    const { room, socket } = await joined();
    socket.end(1006);
    const { status, error, retryAt } = room.getState();

    expect({ status, error }).toEqual({
      status: "reconnecting",
      error: { closeCode: 1006, reason: null, message: "" },
    });
    expect(retryAt).toBeGreaterThan(NOW);
  });
});

describe("messages on their way", () => {
  test("S3 `delivered` resolves with the message once it is durable", async () => {
    const { room, socket } = await joined();
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
    const { room, socket } = await joined();
    const { id, delivered } = room.send("hello");
    await settle();
    say(socket, message(1, { id, by: { id: "ada", name: "Ada" }, body: "hello" }));
    say(socket, { type: "ack", id, seq: 1, at: NOW, duplicate: false });

    expect(await delivered).toMatchObject({ id, seq: 1 });
    expect(room.getState().messages).toHaveLength(1);
  });

  test("S6 a refused message stays with its error until it is retried or discarded", async () => {
    const { room, socket } = await joined();
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
    const { room, socket } = await joined();
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
    const { room, socket } = await joined(undefined, { head: 1 });
    say(socket, message(1, { by: { id: "ada", name: "Ada" } }));
    const { id } = room.edit(1, "new");
    await settle();
    say(socket, { type: "error", code: "invalid", message: "no", id });
    await settle();
    expect(room.getState().messages).toMatchObject([{ id: "id-1", body: "new", delivery: "failed" }]);
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
    const client = open();
    const room = client.room("foo");
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    room.join();
    await settle();
    const socket = await live(room, { head: 2 });
    say(socket, message(1));
    say(socket, message(2));
    expect(heard).toEqual([]);
    say(socket, message(3));

    expect(heard).toEqual([3]);
  });

  test("R2 comes once for what was missed while the connection was lost", async () => {
    const { room, socket } = await joined();
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    say(socket, message(1));
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    const next = await live(room, { head: 2 });
    say(next, message(2));

    expect(heard).toEqual([1, 2]);
  });

  test("R5 does not come for the history of a log that replaced the room's", async () => {
    const { room, socket } = await joined();
    const heard: unknown[] = [];
    room.on("message", ({ seq }) => heard.push(seq));
    say(socket, message(1));
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    const next = await live(room, { head: 1, log: "two", reset: true });
    say(next, message(1));
    expect(room.getState().history.wasReset).toBe(true);
    say(next, message(2));

    expect(heard).toEqual([1, 2]);
  });

  test("edits and deletes have events of their own", async () => {
    const { room, socket } = await joined();
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

describe("tokens", () => {
  test("one request serves all rooms, and the token is used until the server refuses it", async () => {
    const reasons: string[] = [];
    const client = open(async ({ reason }) => {
      reasons.push(reason);
      return token("ada");
    });
    client.room("foo").join();
    client.room("bar").join();
    await settle();
    expect(platform.browser.sockets).toHaveLength(2);
    expect(reasons).toEqual(["connect"]);
    const [socket] = platform.browser.sockets;
    socket?.accept();
    socket?.end(4401, "expired");
    await settle();

    expect(reasons).toEqual(["connect", "refused"]);
  });

  test("a token that has expired meanwhile is replaced before the next attempt", async () => {
    const getToken = vi.fn(() => token("ada", { exp: NOW / 1000 + 5 }));
    const { socket } = await joined(getToken);
    await vi.advanceTimersByTimeAsync(10_000);
    const asked = getToken.mock.calls.length;
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(20_000);

    expect(getToken.mock.calls.length).toBeGreaterThan(asked);
  });

  test("null means signed out: nothing is tried until something changes", async () => {
    let current: string | null = null;
    const client = open(() => current);
    const room = client.room("foo");
    room.join();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(room.getState().status).toBe("signedOut");
    expect(platform.browser.sockets).toHaveLength(0);
    current = token("ada");
    client.refresh();
    await settle();

    await live(room);
  });

  test("a provider that rejects is asked again, and the state says why", async () => {
    let fails = true;
    const client = open(async () => {
      if (fails) throw new Error("no network");
      return token("ada");
    });
    const room = client.room("foo");
    room.join();
    await settle();
    expect(room.getState()).toMatchObject({
      status: "awaitingToken",
      error: { closeCode: null, reason: "token_unavailable", message: "no network" },
    });
    fails = false;
    await vi.advanceTimersByTimeAsync(2000);

    await live(room);
  });

  test("a request is aborted when the client is closed", async () => {
    const signals: AbortSignal[] = [];
    const client = open(({ signal }) => {
      signals.push(signal);
      return new Promise<string>(() => undefined);
    });
    client.room("foo").join();
    await settle();
    client.close();
    await settle();

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("joining and leaving", () => {
  test("joins are counted, and a leave counts once", async () => {
    const { room, leave } = await joined();
    const second = room.join();
    leave();
    leave();
    await settle();
    expect(platform.browser.live).toBe(1);
    second();
    await settle();

    expect(platform.browser.live).toBe(0);
  });

  test("an item without a valid id is refused at once", () => {
    expect(() => open().room("..")).toThrow(TypeError);
  });

  test("signing out in one tab forgets everything in all of them", async () => {
    const { client, room } = await joined();
    const elsewhere = new FakePlatform(profile);
    const other = createClient({
      url: "http://here/chat",
      getToken: () => token("ada"),
      platform: elsewhere,
    });
    const signedOut = vi.fn();
    other.on("signedOut", signedOut);
    other.room("foo").join();
    await settle();
    room.saveDraft("half");
    await client.logout();
    await settle();

    expect(signedOut).toHaveBeenCalledTimes(1);
    expect(room.getState()).toMatchObject({ status: "signedOut", messages: [], me: null });
    expect(other.room("foo").getState().status).toBe("signedOut");
    expect(profile.notes.keys("")).toEqual([]);
  });

  test("close() leaves no timer, listener, channel, lock or socket", async () => {
    const { client, room, socket } = await joined(() => token("ada", { exp: NOW / 1000 + 3600 }), {
      expires: NOW + 3_600_000,
    });
    client.room("bar").join();
    client.rooms.subscribe(() => undefined);
    client.rooms.watchUnread(["baz"]);
    await settle();
    say(socket, message(1));
    say(socket, { type: "typing", by: { id: "bob", name: "Bob" } });
    room.send("on its way");
    room.startTyping();
    room.markRead(1);
    await settle();
    client.close();
    await settle();

    expect(vi.getTimerCount()).toBe(0);
    expect(platform.listeners).toBe(0);
    expect(profile.channels).toBe(0);
    expect(profile.locks).toBe(0);
    expect(platform.browser.live).toBe(0);
    expect(platform.events.filter(({ readyState }) => readyState !== 2)).toEqual([]);
  });

  test("what is unsent at close() goes out with the next client", async () => {
    const { client, room, socket } = await joined();
    socket.end(1006);
    const { id, delivered } = room.send("later");
    const closed = expect(delivered).rejects.toMatchObject({ code: "closed" });
    await settle();
    client.close();
    await closed;
    const next = await joined();
    await settle();

    expect(next.socket.sent.map((line) => JSON.parse(line))).toEqual([{ type: "send", id, body: "later" }]);
  });
});
