// One room in one tab: its connection, its status, and what it does when things go wrong.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeSocket, greeting as hello } from "../../test/support/doubles";
import { FakePlatform } from "../../test/support/fakePlatform";
import type { Hello, ServerLine } from "../protocol/wire.gen";
import { Room } from "./room";

let platform: FakePlatform;
let room: Room;
let tokens: (string | null)[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  platform = new FakePlatform();
  tokens = ["first"];
  const ask = () => ({ token: (tokens.length > 1 ? tokens.shift() : tokens[0]) ?? null, name: "Ada" });
  room = new Room({ item: "foo", member: "ada", ask, origin: { protocol: "http:", host: "here" }, platform });
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const say = (line: ServerLine, socket: FakeSocket = platform.browser.newest) =>
  socket.say(JSON.stringify(line));
const message = (seq: number, body = `m${seq}`): ServerLine => ({
  type: "entry",
  seq,
  kind: "message",
  id: `id-${seq}`,
  by: { id: "bob", name: "Bob" },
  at: seq,
  body,
});

function status() {
  platform.browser.paint();
  return room.getState();
}

async function live(greeting: Partial<Hello> = {}): Promise<FakeSocket> {
  room.join();
  await settle();
  platform.browser.newest.accept();
  say({ ...hello, now: Date.now(), ...greeting });
  await settle();
  return platform.browser.newest;
}

/** Long enough for the first and the second attempt to be due. */
const next = () => vi.advanceTimersByTimeAsync(2000);

test("H5 the room is live when greeted, not when connected", async () => {
  room.join();
  await settle();
  expect(status()).toMatchObject({ status: "connecting", error: null });
  platform.browser.newest.accept();
  expect(status()).toMatchObject({ status: "connecting", error: null });
  say(hello);

  expect(status()).toMatchObject({ status: "live", transport: "socket" });
});

test("StrictMode's mount, unmount and mount open one socket", async () => {
  room.join()();
  room.join();
  await settle();

  expect(platform.browser.sockets).toHaveLength(1);
});

test("the last to let go ends the connection, and nothing opens it again", async () => {
  const release = room.join();
  await settle();
  release();
  await vi.advanceTimersByTimeAsync(60_000);

  expect(platform.browser.live).toBe(0);
  expect(platform.browser.sockets).toHaveLength(1);
});

test("R2 a cut is mended from the cursor, with a fresh token", async () => {
  tokens = ["first", "second"];
  const socket = await live({ head: 2 });
  say(message(1));
  say(message(2));
  socket.end(1006);
  expect(status()).toMatchObject({ status: "reconnecting", error: { closeCode: 1006 } });
  await next();
  const { searchParams } = new URL(platform.browser.newest.url);

  expect(Object.fromEntries(searchParams)).toEqual({ name: "Ada", token: "second", after: "1", log: "one" });
});

describe("heartbeat", () => {
  test("after 20 s of silence it asks, and after 8 s without an answer it comes back", async () => {
    const socket = await live();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(socket.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.sent).toEqual(['{"type":"ping"}']);
    await vi.advanceTimersByTimeAsync(7_999);
    expect(status().status).toBe("live");
    await vi.advanceTimersByTimeAsync(1);

    expect(status().status).toBe("reconnecting");
    expect(platform.browser.live).toBe(0);
  });

  test("any line is an answer", async () => {
    const socket = await live();
    await vi.advanceTimersByTimeAsync(20_000);
    say({ type: "pong" });
    await vi.advanceTimersByTimeAsync(19_999);

    expect(status().status).toBe("live");
    expect(socket.sent).toHaveLength(1);
  });

  test("a handshake without an answer is given up too", async () => {
    room.join();
    await vi.advanceTimersByTimeAsync(8_000);

    expect(status().status).toBe("reconnecting");
  });
});

describe("at once", () => {
  test.each(["online", "visible"] as const)("when the browser is %s again", async (event) => {
    (await live()).end(1006);
    platform.dispatch(event);
    await settle();

    expect(platform.browser.sockets).toHaveLength(2);
  });

  test("on request", async () => {
    (await live()).end(1006);
    room.reconnect();
    await settle();

    expect(platform.browser.sockets).toHaveLength(2);
  });
});

describe("close codes (C)", () => {
  test.each([1001, 1006, 1011, 1012, 1013, 4408, 4429, 4999])("%i: comes back", async (code) => {
    (await live()).end(code);
    await next();

    expect(platform.browser.sockets).toHaveLength(2);
  });

  test.each([1000, 1003, 1007, 1009, 4400, 4403])("%i: stays away, with the reason", async (code) => {
    (await live()).end(code, "why");
    await next();

    expect(platform.browser.sockets).toHaveLength(1);
    expect(status()).toMatchObject({ status: "noAccess", error: { closeCode: code, message: "why" } });
  });

  test("Z1 1012: comes back exactly when the server said", async () => {
    const socket = await live();
    say({ type: "bye", reason: "restart", retry_ms: 1830 });
    socket.end(1012);
    await vi.advanceTimersByTimeAsync(1829);
    expect(platform.browser.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);

    expect(platform.browser.sockets).toHaveLength(2);
  });

  test("L3 4429: comes back when the error said", async () => {
    const socket = await live();
    say({ type: "error", code: "too_many_connections", message: "close another one", retry_ms: 10_000 });
    socket.end(4429);

    expect(status()).toMatchObject({
      status: "reconnecting",
      error: { closeCode: 4429 },
      retryAt: Date.now() + 10_000,
    });
  });

  test("4401: goes on with another token where there is one", async () => {
    const socket = await live();
    tokens = ["fresh"];
    socket.end(4401, "expired");
    await settle();

    expect(platform.browser.newest.url).toContain("token=fresh");
  });

  test("4401: the session has ended where there is none", async () => {
    (await live()).end(4401, "expired");
    await next();

    expect(status()).toMatchObject({ status: "ended", error: { closeCode: 4401, message: "expired" } });
    expect(platform.browser.sockets).toHaveLength(1);
  });

  test("4401 before any greeting: a credential that never was one", async () => {
    room.join();
    await settle();
    platform.browser.newest.accept();
    platform.browser.newest.end(4401, "bad signature");
    await settle();

    expect(status()).toMatchObject({
      status: "noAccess",
      error: { closeCode: 4401, message: "bad signature" },
    });
    expect(room.wire.view().lines.at(-1)?.text).toBe("close 4401 bad signature");
  });
});

test("A4 a token that is about to end is replaced in time", async () => {
  tokens = ["first", "second"];
  const socket = await live({ expires: Date.now() + 40_000 });
  await vi.advanceTimersByTimeAsync(10_000);

  expect(socket.sent).toContain('{"type":"auth","token":"second"}');
  expect(JSON.stringify(room.wire.view())).not.toContain("second");
});

test("A4 however short its tokens live, a room renews them again and again, and does not race", async () => {
  const until = (ms: number) => `x.${btoa(JSON.stringify({ exp: (Date.now() + ms) / 1000 }))}.y`;
  tokens = ["first", until(8000), "third"];
  const socket = await live({ expires: Date.now() + 4000 });
  const renewals = () => socket.sent.filter((line) => line.includes('"auth"')).length;

  await vi.advanceTimersByTimeAsync(999);
  expect(renewals()).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(renewals()).toBe(1);
  await vi.advanceTimersByTimeAsync(1700);
  expect(renewals()).toBe(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(renewals()).toBe(2);
});

test("offline is said with what waits, and what is written goes out later", async () => {
  (await live()).end(1006);
  platform.dispatch("offline");
  room.send("later");
  await settle();
  expect(status()).toMatchObject({ status: "offline", queued: 1 });
  platform.dispatch("online");
  await settle();
  platform.browser.newest.accept();
  say(hello);
  await settle();

  expect(platform.browser.newest.sent.map((line) => JSON.parse(line).body)).toEqual(["later"]);
});

test("a network that the browser misses is said within two seconds, if no answer comes from the server either", async () => {
  await live();
  platform.dispatch("offline");
  await vi.advanceTimersByTimeAsync(1999);
  expect(status().status).toBe("live");
  await vi.advanceTimersByTimeAsync(1);

  expect(status().status).toBe("offline");
});

test("L1 a body that is too large does not leave the page", async () => {
  const socket = await live();
  room.send("x".repeat(19));
  await settle();
  platform.browser.paint();

  expect(socket.sent).toEqual([]);
  expect(room.getState().messages).toMatchObject([{ delivery: "failed", error: { code: "too_large" } }]);
});

test("far behind, the room goes to the present instead of reading its way there", async () => {
  const socket = await live({ head: 1 });
  say(message(1));
  socket.end(1006);
  await next();
  platform.browser.newest.accept();
  say({ ...hello, head: 5000 });
  say(message(1));
  await settle();

  expect(new URL(platform.browser.newest.url).searchParams.get("tail")).toBe("100");
});

test("P4 who is writing is forgotten after 5 s", async () => {
  await live();
  say({ type: "typing", by: { id: "bob", name: "Bob" } });
  platform.browser.paint();
  expect(room.getState().typing).toEqual([{ id: "bob", name: "Bob" }]);
  await vi.advanceTimersByTimeAsync(5000);
  platform.browser.paint();

  expect(room.getState().typing).toEqual([]);
});
