// Events and HTTP, where no socket opens.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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

test("W2 commands are sent over HTTP, once", async () => {
  await twoRefused();
  const posts: string[] = [];
  platform.fetch = async (_url, init) => {
    posts.push(String(init?.body));
    return Response.json({ ...message, id: "mine" }, { status: 201 });
  };
  platform.events[0]?.say(JSON.stringify(greeting));
  room.send("by post");
  await settle();

  expect(posts.map((post) => JSON.parse(post).body)).toEqual(["by post"]);
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
