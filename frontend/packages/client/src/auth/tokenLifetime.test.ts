// Tokens of open connections: replaced before they expire, on a socket and over events (A4).
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { greeting } from "../../test/support/doubles";
import { numbers, TokenRoom } from "../../test/support/tokenRoom";
import type { Room } from "../room/room";
import type { GetCredential } from "./tokens";

let tokens: TokenRoom;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  tokens = new TokenRoom();
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("A4 the lifetime follows the server's clock", () => {
  test.each([-2, 2])("a browser that is %i hours off asks once, in time", async (hours) => {
    tokens.platform.skew = hours * 3_600_000;
    const serverNow = Date.now();
    const next = numbers();
    tokens.enter((reason) => ({ token: reason === "expiring" ? `t-${next()}` : "first", name: null }));
    await settle();
    const socket = tokens.greet({ expires: serverNow + 60_000, now: serverNow });
    await vi.advanceTimersByTimeAsync(29_999);
    expect(socket.sent.filter((line) => line.includes("auth"))).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    socket.say(JSON.stringify({ type: "access", can: ["read"], expires: serverNow + 120_000 }));
    await vi.advanceTimersByTimeAsync(5000);

    expect(tokens.asked.filter((reason) => reason === "expiring")).toHaveLength(1);
  });

  test("tokens that have expired when they come are asked for once a second at most", async () => {
    const next = numbers();
    const dead = () => `x.${btoa(JSON.stringify({ exp: 1, n: next() }))}.y`;
    tokens.enter(() => ({ token: dead(), name: null }));
    await settle();
    tokens.greet({ expires: Date.now() });
    await vi.advanceTimersByTimeAsync(5000);

    expect(tokens.asked.filter((reason) => reason === "expiring").length).toBeLessThanOrEqual(5);
  });

  test("a token that the server refuses on an open connection is followed by another one, not by a storm", async () => {
    const next = numbers();
    tokens.enter((reason) => ({ token: reason === "attempt" ? "first" : `bad-${next()}`, name: null }));
    await settle();
    const socket = tokens.greet({ expires: Date.now() + 35_000 });
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
    const room = tokens.enter(() => ({ token: "first", name: null }));
    await settle();
    tokens.greet().say(JSON.stringify({ type: "access", can: ["read"], expires: null }));
    tokens.platform.browser.paint();

    expect(room.getState().me?.can).toEqual(["read"]);
  });
});

describe("where a room lives by events", () => {
  async function byEvents(ask: GetCredential): Promise<Room> {
    const room = tokens.enter(ask);
    await settle();
    tokens.platform.browser.newest.end(1006);
    await vi.advanceTimersByTimeAsync(2000);
    tokens.platform.browser.newest.end(1006);
    await settle();
    return room;
  }

  test("the code of its end counts: an expired token is replaced", async () => {
    let token = "old";
    const room = await byEvents(() => ({ token, name: null }));
    tokens.platform.events[0]?.say(JSON.stringify(greeting));
    token = "fresh";
    tokens.platform.events[0]?.say(
      JSON.stringify({ type: "error", code: "unauthenticated", message: "m", reason: "expired" }),
    );
    tokens.platform.events[0]?.end(4401, "expired");
    await settle();
    expect(tokens.platform.browser.newest.url).toContain("token=fresh");
    token = "fresh";
    tokens.platform.browser.newest.end(4401, "expired");
    await settle();

    expect(tokens.status(room)).toMatchObject({ status: "ended" });
  });

  test("a stream that is refused is asked about over HTTP, and the status says why", async () => {
    tokens.platform.fetch = async () =>
      Response.json({ code: "unauthenticated", detail: "no", reason: "wrong_key" }, { status: 401 });
    const room = await byEvents(() => ({ token: "bad", name: null }));
    tokens.platform.events[0]?.break(true);
    await settle();

    expect(tokens.status(room)).toMatchObject({
      status: "noAccess",
      error: { closeCode: 4401, reason: "wrong_key" },
    });
  });

  test("a token is replaced before it expires by coming again with the new one", async () => {
    let token = "first";
    const ask: GetCredential = (reason) => {
      if (reason === "expiring") token = "second";
      return { token, name: null };
    };
    await byEvents(ask);
    tokens.platform.events[0]?.say(
      JSON.stringify({ ...greeting, expires: Date.now() + 40_000, now: Date.now() }),
    );
    await vi.advanceTimersByTimeAsync(10_000);

    expect(tokens.platform.events.at(-1)?.url).toContain("token=second");
  });
});
