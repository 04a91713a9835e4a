// Authentication: how often a token is tried, what a failing provider costs, and what makes the room try again.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeSocket } from "../../test/support/doubles";
import { numbers, TokenRoom } from "../../test/support/tokenRoom";
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

/** Refuse every socket as soon as it exists, for `ms`; return how many there were. */
async function refuseAll(ms: number, error: object, code = 4401): Promise<number> {
  const before = tokens.platform.browser.sockets.length;
  for (let seen = before, spent = 0; spent <= ms; spent += 100) {
    for (; seen < tokens.platform.browser.sockets.length; seen += 1)
      refuse(tokens.platform.browser.sockets[seen], error, code);
    await vi.advanceTimersByTimeAsync(100);
  }
  return tokens.platform.browser.sockets.length - before;
}

function refuse(socket: FakeSocket | undefined, error: object, code = 4401): void {
  socket?.accept();
  socket?.say(JSON.stringify({ type: "error", code: "unauthenticated", message: "no", ...error }));
  socket?.end(code, "no");
}

describe("a host that gives one bad token after another", () => {
  const bad = () => {
    const next = numbers();
    return () => ({ token: `bad-${next()}`, name: null });
  };

  test("is tried at most five times a minute", async () => {
    tokens.enter(bad());

    expect(await refuseAll(60_000, { reason: "wrong_key" })).toBeLessThanOrEqual(6);
    expect(await refuseAll(60_000, { reason: "wrong_key" })).toBeLessThanOrEqual(5);
    expect(tokens.asked.length).toBeLessThanOrEqual(24);
  });

  test("is tried no faster however often the tab is shown and the network returns", async () => {
    tokens.enter(bad());
    for (let n = 0; n < 600; n += 1) {
      for (const socket of tokens.platform.browser.sockets) if (socket.readyState === 0) refuse(socket, {});
      tokens.platform.dispatch(n % 2 === 0 ? "visible" : "online");
      await vi.advanceTimersByTimeAsync(100);
    }

    expect(tokens.platform.browser.sockets.length).toBeLessThanOrEqual(6);
  });

  test("is tried no faster when each is let in and refused again", async () => {
    tokens.enter(bad());
    await settle();
    for (let n = 0; n < 600; n += 1) {
      const { newest } = tokens.platform.browser;
      if (newest.readyState === 0) {
        tokens.greet();
        newest.end(4401, "expired");
      }
      await vi.advanceTimersByTimeAsync(100);
    }

    expect(tokens.platform.browser.sockets.length).toBeLessThanOrEqual(6);
  });
});

test.each(["wrong_key", "expired", "not_yet_valid", "revoked", "malformed"])(
  "the status says that the reason is %s",
  async (reason) => {
    const room = tokens.enter(() => ({ token: "same", name: null }));
    await settle();
    refuse(tokens.platform.browser.newest, { reason });
    await settle();

    expect(tokens.status(room)).toMatchObject({
      status: "noAccess",
      error: { closeCode: 4401, reason },
    });
  },
);

test("a token that is not valid yet is tried again by itself, and counts when its time has come", async () => {
  const room = tokens.enter(() => ({ token: "early", name: null }));
  await settle();
  refuse(tokens.platform.browser.newest, { reason: "not_yet_valid" });
  await vi.advanceTimersByTimeAsync(3000);
  expect(tokens.platform.browser.sockets).toHaveLength(2);
  tokens.greet();

  expect(tokens.status(room).status).toBe("live");
});

test("A7 after a revocation the room asks for another token when the server said, not before", async () => {
  let token = "old";
  const room = tokens.enter(() => ({ token, name: null }));
  await settle();
  tokens.greet().say(
    JSON.stringify({
      type: "error",
      code: "unauthenticated",
      message: "m",
      reason: "revoked",
      retry_ms: 5000,
    }),
  );
  tokens.platform.browser.newest.end(4401, "revoked");
  token = "new";
  await vi.advanceTimersByTimeAsync(4999);
  expect(tokens.platform.browser.sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(tokens.platform.browser.newest.url).toContain("token=new");
  tokens.greet();

  expect(tokens.status(room).status).toBe("live");
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
    const room = tokens.enter(fail);
    await vi.advanceTimersByTimeAsync(120_000);

    expect(tokens.status(room)).toMatchObject({ status: "awaitingToken" });
    expect(tokens.asked.length).toBeGreaterThan(2);
    expect(tokens.asked.length).toBeLessThan(40);
    expect(tokens.platform.events).toEqual([]);
    expect(tokens.platform.browser.sockets).toEqual([]);
  });

  test("and goes on as soon as it answers", async () => {
    let works = false;
    const room = tokens.enter(() =>
      works ? { token: "good", name: null } : Promise.reject(new Error("not yet")),
    );
    await vi.advanceTimersByTimeAsync(5000);
    works = true;
    await vi.advanceTimersByTimeAsync(20_000);
    tokens.greet();

    expect(tokens.status(room).status).toBe("live");
  });

  test("a refresh that fails is tried again before the token expires", async () => {
    let failing = 2;
    const ask: GetCredential = (reason) => {
      if (reason === "attempt") return { token: "first", name: null };
      failing -= 1;
      return failing >= 0 ? Promise.reject(new Error("away")) : { token: "second", name: null };
    };
    tokens.enter(ask);
    await settle();
    const socket = tokens.greet({ expires: Date.now() + 35_000 });
    await vi.advanceTimersByTimeAsync(19_000);

    expect(socket.sent).toContain('{"type":"auth","token":"second"}');
  });
});

test.each(["online", "visible"] as const)("after 4401 the room revives when the tab is %s", async (event) => {
  let token = "old";
  const room = tokens.enter(() => ({ token, name: null }));
  await settle();
  tokens.greet().end(4401, "expired");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tokens.status(room).status).toBe("ended");
  expect(tokens.platform.browser.sockets).toHaveLength(1);
  token = "fresh";
  tokens.platform.dispatch(event);
  await settle();
  expect(tokens.platform.browser.newest.url).toContain("token=fresh");
  tokens.greet();

  expect(tokens.status(room).status).toBe("live");
});
