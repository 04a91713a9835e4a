// Authentication: how often a token is tried, what a provider that fails costs, and what makes the room try again.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeSocket, greeting } from "../../test/support/doubles";
import { FakePlatform } from "../../test/support/fakePlatform";
import { Room } from "../room/room";
import type { CredentialReason, GetCredential } from "./tokens";

let platform: FakePlatform;
let asked: CredentialReason[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  platform = new FakePlatform();
  asked = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function enter(ask: GetCredential): Room {
  const room = new Room({
    item: "foo",
    member: "sub:ada",
    origin: { protocol: "http:", host: "here" },
    platform,
    ask: (occasion) => {
      asked.push(occasion);
      return ask(occasion);
    },
  });
  room.join();
  return room;
}

function status(room: Room) {
  platform.browser.paint();
  return room.getState();
}

/** Counts 1, 2, 3 …, one at each call. */
function numbers(): () => number {
  let n = 0;
  return () => {
    n += 1;
    return n;
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

/** Refuses every socket as soon as it exists, for `ms`; returns how many there were. */
async function refuseAll(ms: number, error: object, code = 4401): Promise<number> {
  const before = platform.browser.sockets.length;
  for (let seen = before, spent = 0; spent <= ms; spent += 100) {
    for (; seen < platform.browser.sockets.length; seen += 1)
      refuse(platform.browser.sockets[seen], error, code);
    await vi.advanceTimersByTimeAsync(100);
  }
  return platform.browser.sockets.length - before;
}

function refuse(socket: FakeSocket | undefined, error: object, code = 4401): void {
  socket?.accept();
  socket?.say(JSON.stringify({ type: "error", code: "unauthenticated", message: "no", ...error }));
  socket?.end(code, "no");
}

function greet(more: object = {}): FakeSocket {
  const socket = platform.browser.newest;
  socket.accept();
  socket.say(JSON.stringify({ ...greeting, now: Date.now(), ...more }));
  return socket;
}

describe("a host that gives one bad token after another", () => {
  const bad = () => {
    const next = numbers();
    return () => ({ token: `bad-${next()}`, name: null });
  };

  test("is tried at most five times a minute", async () => {
    enter(bad());

    expect(await refuseAll(60_000, { reason: "wrong_key" })).toBeLessThanOrEqual(6);
    expect(await refuseAll(60_000, { reason: "wrong_key" })).toBeLessThanOrEqual(5);
    expect(asked.length).toBeLessThanOrEqual(24);
  });

  test("is tried no faster however often the tab is shown and the network returns", async () => {
    enter(bad());
    for (let n = 0; n < 600; n += 1) {
      for (const socket of platform.browser.sockets) if (socket.readyState === 0) refuse(socket, {});
      platform.dispatch(n % 2 === 0 ? "visible" : "online");
      await vi.advanceTimersByTimeAsync(100);
    }

    expect(platform.browser.sockets.length).toBeLessThanOrEqual(6);
  });

  test("is tried no faster when each is let in and refused again", async () => {
    enter(bad());
    await settle();
    for (let n = 0; n < 600; n += 1) {
      const { newest } = platform.browser;
      if (newest.readyState === 0) {
        greet();
        newest.end(4401, "expired");
      }
      await vi.advanceTimersByTimeAsync(100);
    }

    expect(platform.browser.sockets.length).toBeLessThanOrEqual(6);
  });
});

test.each(["wrong_key", "expired", "not_yet_valid", "revoked", "malformed"])(
  "the status says that the reason is %s",
  async (reason) => {
    const room = enter(() => ({ token: "same", name: null }));
    await settle();
    refuse(platform.browser.newest, { reason });
    await settle();

    expect(status(room)).toMatchObject({
      status: "noAccess",
      error: { closeCode: 4401, reason },
    });
  },
);

test("a token that is not valid yet is tried again by itself, and counts when its time has come", async () => {
  const room = enter(() => ({ token: "early", name: null }));
  await settle();
  refuse(platform.browser.newest, { reason: "not_yet_valid" });
  await vi.advanceTimersByTimeAsync(3000);
  expect(platform.browser.sockets).toHaveLength(2);
  greet();

  expect(status(room).status).toBe("live");
});

test("A7 after a revocation the room asks for another token when the server said, not before", async () => {
  let token = "old";
  const room = enter(() => ({ token, name: null }));
  await settle();
  greet().say(
    JSON.stringify({
      type: "error",
      code: "unauthenticated",
      message: "m",
      reason: "revoked",
      retry_ms: 5000,
    }),
  );
  platform.browser.newest.end(4401, "revoked");
  token = "new";
  await vi.advanceTimersByTimeAsync(4999);
  expect(platform.browser.sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(platform.browser.newest.url).toContain("token=new");
  greet();

  expect(status(room).status).toBe("live");
});

describe("a provider that fails is no fault of the connection", () => {
  test.each([
    ["rejects", () => Promise.reject(new Error("the host's session is over"))],
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["hangs", () => new Promise<never>(() => undefined)],
  ])("one that %s is asked again with backoff, and no events are tried", async (_how, fail) => {
    const room = enter(fail);
    await vi.advanceTimersByTimeAsync(120_000);

    expect(status(room)).toMatchObject({ status: "awaitingToken" });
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThan(40);
    expect(platform.events).toEqual([]);
    expect(platform.browser.sockets).toEqual([]);
  });

  test("and goes on as soon as it answers", async () => {
    let works = false;
    const room = enter(() => (works ? { token: "good", name: null } : Promise.reject(new Error("not yet"))));
    await vi.advanceTimersByTimeAsync(5000);
    works = true;
    await vi.advanceTimersByTimeAsync(20_000);
    greet();

    expect(status(room).status).toBe("live");
  });

  test("a refresh that fails is tried again before the token expires", async () => {
    let failing = 2;
    const ask: GetCredential = (occasion) => {
      if (occasion === "attempt") return { token: "first", name: null };
      failing -= 1;
      return failing >= 0 ? Promise.reject(new Error("away")) : { token: "second", name: null };
    };
    enter(ask);
    await settle();
    const socket = greet({ expires: Date.now() + 35_000 });
    await vi.advanceTimersByTimeAsync(19_000);

    expect(socket.sent).toContain('{"type":"auth","token":"second"}');
  });
});

test.each(["online", "visible"] as const)("after 4401 the room revives when the tab is %s", async (event) => {
  let token = "old";
  const room = enter(() => ({ token, name: null }));
  await settle();
  greet().end(4401, "expired");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(status(room).status).toBe("ended");
  expect(platform.browser.sockets).toHaveLength(1);
  token = "fresh";
  platform.dispatch(event);
  await settle();
  expect(platform.browser.newest.url).toContain("token=fresh");
  greet();

  expect(status(room).status).toBe("live");
});

describe("A4 the lifetime follows the server's clock", () => {
  test.each([-2, 2])("a browser that is %i hours off asks once, in time", async (hours) => {
    platform.skew = hours * 3_600_000;
    const serverNow = Date.now();
    const next = numbers();
    enter((occasion) => ({ token: occasion === "expiring" ? `t-${next()}` : "first", name: null }));
    await settle();
    const socket = greet({ expires: serverNow + 60_000, now: serverNow });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(socket.sent.filter((line) => line.includes("auth"))).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    socket.say(JSON.stringify({ type: "access", can: ["read"], expires: serverNow + 120_000 }));
    await vi.advanceTimersByTimeAsync(5000);

    expect(asked.filter((occasion) => occasion === "expiring")).toHaveLength(1);
  });

  test("tokens that have expired when they come are asked for once a second at most", async () => {
    const next = numbers();
    const dead = () => `x.${btoa(JSON.stringify({ exp: 1, n: next() }))}.y`;
    enter(() => ({ token: dead(), name: null }));
    await settle();
    greet({ expires: Date.now() });
    await vi.advanceTimersByTimeAsync(5000);

    expect(asked.filter((occasion) => occasion === "expiring").length).toBeLessThanOrEqual(5);
  });

  test("a token that the server refuses on an open connection is followed by another one, not by a storm", async () => {
    const next = numbers();
    enter((occasion) => ({ token: occasion === "attempt" ? "first" : `bad-${next()}`, name: null }));
    await settle();
    const socket = greet({ expires: Date.now() + 35_000 });
    for (let answered = 0, spent = 0; spent < 30_000; spent += 100) {
      await vi.advanceTimersByTimeAsync(100);
      const auths = socket.sent.filter((line) => line.includes("auth")).length;
      for (; answered < auths; answered += 1)
        socket.say(JSON.stringify({ type: "error", code: "unauthenticated", message: "no" }));
    }

    const given = socket.sent.filter((line) => line.includes("auth")).length;
    expect(given).toBeGreaterThan(1);
    expect(given).toBeLessThanOrEqual(6);
    expect(socket.readyState).toBe(1);
  });

  test("`access` brings the rights that count from here on", async () => {
    const room = enter(() => ({ token: "first", name: null }));
    await settle();
    greet().say(JSON.stringify({ type: "access", can: ["read"], expires: null }));
    platform.browser.paint();

    expect(room.getState().me?.can).toEqual(["read"]);
  });
});

describe("where a room lives by events", () => {
  async function byEvents(ask: GetCredential): Promise<Room> {
    const room = enter(ask);
    await settle();
    platform.browser.newest.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    platform.browser.newest.end(1006);
    await settle();
    return room;
  }

  test("the code of its end counts: an expired token is replaced", async () => {
    let token = "old";
    const room = await byEvents(() => ({ token, name: null }));
    platform.events[0]?.say(JSON.stringify(greeting));
    token = "fresh";
    platform.events[0]?.say(
      JSON.stringify({ type: "error", code: "unauthenticated", message: "m", reason: "expired" }),
    );
    platform.events[0]?.end(4401, "expired");
    await settle();
    expect(platform.browser.newest.url).toContain("token=fresh");
    token = "fresh";
    platform.browser.newest.end(4401, "expired");
    await settle();

    expect(status(room)).toMatchObject({ status: "ended" });
  });

  test("a stream that is refused is asked about over HTTP, and the status says why", async () => {
    platform.fetch = async () =>
      Response.json({ code: "unauthenticated", detail: "no", reason: "wrong_key" }, { status: 401 });
    const room = await byEvents(() => ({ token: "bad", name: null }));
    platform.events[0]?.break(true);
    await settle();

    expect(status(room)).toMatchObject({
      status: "noAccess",
      error: { closeCode: 4401, reason: "wrong_key" },
    });
  });

  test("a token is replaced before it expires by coming again with the new one", async () => {
    let token = "first";
    const ask: GetCredential = (occasion) => {
      if (occasion === "expiring") token = "second";
      return { token, name: null };
    };
    await byEvents(ask);
    platform.events[0]?.say(JSON.stringify({ ...greeting, expires: Date.now() + 40_000, now: Date.now() }));
    await vi.advanceTimersByTimeAsync(10_000);

    expect(platform.events.at(-1)?.url).toContain("token=second");
  });
});
