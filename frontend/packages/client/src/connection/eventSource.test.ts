// Events and HTTP, where no socket opens.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { greeting } from "../../test/support/doubles";
import { FakePlatform } from "../../test/support/fakePlatform";
import type { ServerLine } from "../protocol/wire.gen";
import { Room } from "../room/room";

const message: ServerLine = {
  type: "entry",
  seq: 1,
  kind: "message",
  id: "id-1",
  by: { id: "bob", name: "Bob" },
  at: 1,
  body: "m1",
};
let platform: FakePlatform;
let room: Room;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  platform = new FakePlatform();
  const ask = () => ({ token: "first", name: "Ada" });
  room = new Room({ item: "foo", member: "ada", ask, origin: { protocol: "http:", host: "here" }, platform });
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
/** Long enough for the next attempt to be due. */
const next = () => vi.advanceTimersByTimeAsync(2000);

function status() {
  platform.browser.paint();
  return room.getState();
}

async function twoRefused() {
  room.join();
  await settle();
  platform.browser.newest.end(1006);
  await next();
  platform.browser.newest.end(1006);
  await settle();
}

test("W3 the second in vain leads to events, and says so", async () => {
  await twoRefused();
  platform.events[0]?.say(JSON.stringify({ ...greeting, head: 1 }));
  platform.events[0]?.say(JSON.stringify(message));

  expect(status()).toMatchObject({ status: "live", transport: "events" });
  expect(room.getState().messages).toHaveLength(1);
  expect(platform.events[0]?.url).toContain("http://here/api/items/foo/events?name=Ada&token=first&tail=100");
});

describe("where the room lives by events", () => {
  type Request = { method: string; path: string; key: string | null; body: unknown };
  const requests: Request[] = [];

  beforeEach(async () => {
    requests.length = 0;
    await twoRefused();
    platform.fetch = async (url, { method = "GET", headers, body } = {}) => {
      const { pathname } = new URL(url);
      const key = new Headers(headers).get("idempotency-key");
      requests.push({ method, path: pathname, key, body: JSON.parse(String(body ?? "null")) });
      return Response.json({ ...message, id: key }, { status: 201 });
    };
    platform.events[0]?.say(JSON.stringify({ ...greeting, head: 1 }));
    platform.events[0]?.say(JSON.stringify({ ...message, by: greeting.you }));
  });

  test.each([
    ["W2 a message is", () => room.send("words"), "POST", "", { body: "words" }],
    ["W11 an edit is", () => room.edit(1, "words"), "PATCH", "/1", { body: "words" }],
    ["W11 a delete is", () => room.delete(1), "DELETE", "/1", null],
  ])("%s sent over HTTP, once", async (_what, act, method, target, body) => {
    const { id, delivered } = act();
    await settle();

    expect(requests).toEqual([{ method, path: `/api/items/foo/entries${target}`, key: id, body }]);
    await delivered;
  });

  test("W11 a read mark goes over HTTP", async () => {
    room.markRead(1);
    await next();

    expect(requests).toEqual([{ method: "PUT", path: "/api/items/foo/read", key: null, body: { seq: 1 } }]);
  });

  describe("S5 a message whose request is never answered", () => {
    const KB = 1024;

    /** Carry out requests without an answer, until the returned function is called. */
    function silence(): () => void {
      const answer = platform.fetch;
      platform.fetch = async (...request) => {
        await answer(...request);
        return new Promise(() => undefined);
      };
      return () => {
        platform.fetch = answer;
      };
    }

    test("is acked within 10 s, since it is sent again under the same id", async () => {
      const answer = silence();
      const { id, delivered } = room.send("words");
      await settle();
      answer();
      await vi.advanceTimersByTimeAsync(10_000);
      await delivered;

      expect(requests.map(({ key }) => key)).toEqual([id, id]);
    });

    test("has as long as a slow uplink takes for its size", async () => {
      silence();
      const limits = { ...greeting.limits, body_bytes: 64 * KB };
      platform.events[0]?.say(JSON.stringify({ ...greeting, limits }));
      room.send("x".repeat(60 * KB));
      await vi.advanceTimersByTimeAsync(21_000);

      expect(requests).toHaveLength(1);
    });

    test("has twice as long at each further attempt, so that a slower uplink gets it through", async () => {
      silence();
      room.send("words");
      const attempts: number[] = [];
      for (let second = 1; second <= 60; second += 1) {
        await vi.advanceTimersByTimeAsync(1000);
        attempts[requests.length - 1] ??= second;
      }

      expect(attempts).toEqual([1, 9, 26, 59]);
    });
  });
});

test("a socket that opens takes over", async () => {
  await twoRefused();
  platform.events[0]?.say(JSON.stringify(greeting));
  await next();
  platform.browser.newest.accept();
  platform.browser.newest.say(JSON.stringify(greeting));

  expect(status()).toMatchObject({ status: "live", transport: "socket" });
  expect(platform.events[0]?.readyState).toBe(2);
});

test("a stream that breaks is not live", async () => {
  await twoRefused();
  platform.events[0]?.say(JSON.stringify(greeting));
  platform.events[0]?.break(false);

  expect(status().status).toBe("reconnecting");
});

test("W3 a stream that the server ends is not opened again by itself", async () => {
  await twoRefused();
  platform.events[0]?.say(JSON.stringify(greeting));
  platform.events[0]?.end();

  expect(platform.events[0]?.readyState).toBe(2);
  expect(status().status).toBe("reconnecting");
});
