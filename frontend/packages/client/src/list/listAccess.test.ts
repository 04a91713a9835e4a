// The live list of rooms and the token: refused, expired, revoked (W10, A3, A4, A7).
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { greeting } from "../../test/support/doubles";
import { FakePlatform, FakeProfile } from "../../test/support/fakePlatform";
import { items, room, settle, snapshot, streamOf, tab } from "../../test/support/listTab";
import { createClient } from "../client";

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

test("A3 a refused token is tried at most five times a minute", async () => {
  const one = await tab(profile);
  one.platform.fetch = async () =>
    Response.json({ code: "unauthenticated", reason: "wrong_key", detail: "no" }, { status: 401 });
  for (let seconds = 0; seconds < 60; seconds += 1) {
    for (const stream of one.platform.events) if (stream.readyState === 0) stream.break(true);
    await vi.advanceTimersByTimeAsync(1000);
  }

  expect(one.platform.events.length).toBeLessThanOrEqual(5);
});

test("A3 a stream that was refused is opened again only after HTTP lets the token in", async () => {
  const one = await tab(profile);
  let admits = false;
  one.platform.fetch = async () =>
    admits
      ? Response.json({ items: [] })
      : Response.json({ code: "unauthenticated", reason: "wrong_key", detail: "no" }, { status: 401 });
  streamOf(one).break(true);
  await vi.advanceTimersByTimeAsync(60_000);
  one.client.refresh();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.platform.events).toHaveLength(1);
  admits = true;
  one.client.refresh();
  await vi.advanceTimersByTimeAsync(120_000);

  expect(one.platform.events).toHaveLength(2);
});

test("A4 a token that expires is replaced, and the list goes on", async () => {
  const reasons: string[] = [];
  const platform = new FakePlatform(profile);
  const getToken = ({ reason }: { reason: string }) => {
    reasons.push(reason);
    return reason === "connect" ? "old" : "fresh";
  };
  // An unsigned token names nobody, so both are given a name of the same member.
  const member = (token: string) => `x.${btoa(JSON.stringify({ sub: "ada", token }))}.y`;
  const client = createClient({
    url: "http://here",
    getToken: (request) => member(getToken(request)),
    platform,
  });
  client.rooms.subscribe(() => undefined);
  await settle();
  const [stream] = platform.events;
  stream?.say('{"type":"ready"}');
  stream?.say('{"type":"error","code":"unauthenticated","message":"expired","reason":"expired"}');
  stream?.end(4401, "expired");
  await settle();

  expect(reasons).toEqual(["connect", "refused"]);
  expect(platform.events.at(-1)?.url).toContain(encodeURIComponent(member("fresh")));
});

test("A7 a login that was ended elsewhere signs the member out here", async () => {
  const one = await tab(profile);
  const signedOut = vi.fn();
  one.client.on("signedOut", signedOut);
  const stream = await snapshot(one, room("a"));
  stream.say('{"type":"error","code":"unauthenticated","message":"ended","reason":"signed_out"}');
  stream.end(4401, "ended");
  await settle();

  expect(signedOut).toHaveBeenCalledTimes(1);
  expect(items(one)).toEqual([]);
});

test("A3 the list leaves attempts to the room on screen, and begins when that one is let in", async () => {
  const platform = new FakePlatform(profile);
  const client = createClient({ url: "http://here", getToken: () => "secret", platform });
  client.room("foo").join();
  client.rooms.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(5000);
  expect(platform.events).toHaveLength(0);
  platform.browser.newest.accept();
  platform.browser.newest.say(JSON.stringify(greeting));
  await settle();
  expect(platform.events.map(({ url }) => new URL(url).pathname)).toEqual(["/api/items/events"]);
  platform.browser.newest.end(4401, "expired");
  platform.events[0]?.end(4401, "expired");
  await vi.advanceTimersByTimeAsync(5000);

  expect(platform.events).toHaveLength(1);
});

test("the list does not wait for a room that the member may not read", async () => {
  const platform = new FakePlatform(profile);
  const client = createClient({ url: "http://here", getToken: () => "secret", platform });
  client.room("foo").join();
  client.rooms.subscribe(() => undefined);
  await settle();
  platform.browser.newest.accept();
  platform.browser.newest.end(4403, "forbidden");
  await settle();

  expect(platform.events).toHaveLength(1);
});
