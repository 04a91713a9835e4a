// The live list of rooms: one stream for all tabs of a browser, and none while nobody sees it (W10).
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { greeting } from "../../test/support/doubles";
import { type FakeEvents, FakePlatform, FakeProfile } from "../../test/support/fakePlatform";
import { type Client, createClient } from "../client";
import type { ItemSummary } from "../protocol/wire.gen";

const settle = () => vi.advanceTimersByTimeAsync(0);

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

type Tab = { readonly platform: FakePlatform; readonly client: Client; readonly leave: () => void };

/** A tab that shows the list. */
async function tab(answers: Record<string, object> = {}): Promise<Tab> {
  const platform = new FakePlatform(profile);
  platform.fetch = vi.fn(async (url: string) => {
    const { pathname, search } = new URL(url);
    const answer = answers[`${pathname}${search}`] ?? answers[pathname];
    return answer === undefined ? new Response("{}", { status: 500 }) : Response.json(answer);
  });
  const client = createClient({ url: "http://here", getToken: () => "secret", platform });
  const leave = client.rooms.subscribe(() => undefined);
  await settle();
  return { platform, client, leave };
}

function room(item: string, head = 1, unread = 0, at = head): ItemSummary {
  const by = { id: "bob", name: "Bob" };
  return {
    item,
    head,
    unread,
    last: { type: "entry", seq: head, kind: "message", id: `${item}-${head}`, by, at, body: "hi" },
  };
}

function streamOf({ platform }: Tab): FakeEvents {
  const stream = platform.events.at(-1);
  if (stream === undefined) throw new Error("the tab has opened no stream");
  return stream;
}

async function snapshot(of: Tab, ...rooms: ItemSummary[]): Promise<FakeEvents> {
  const stream = streamOf(of);
  for (const one of rooms) stream.say(JSON.stringify({ type: "item", ...one }));
  stream.say('{"type":"ready"}');
  await settle();
  return stream;
}

const change = (stream: FakeEvents, one: ItemSummary) => stream.say(JSON.stringify({ type: "item", ...one }));
const items = ({ client }: Tab) => client.rooms.getState().rooms.map(({ item }) => item);
const openStreams = (...tabs: Tab[]) =>
  tabs.flatMap(({ platform }) => platform.events).filter(({ readyState }) => readyState !== 2).length;

describe("one tab", () => {
  test("shows the snapshot once it is complete", async () => {
    const one = await tab();
    expect(one.client.rooms.getState()).toMatchObject({ status: "loading", rooms: [] });
    expect(streamOf(one).url).toBe("http://here/api/items/events?token=secret");
    change(streamOf(one), room("a", 3));
    expect(items(one)).toEqual([]);
    await snapshot(one, room("b", 2));

    expect(one.client.rooms.getState()).toMatchObject({ status: "live", hasMore: false });
    expect(items(one)).toEqual(["a", "b"]);
  });

  test("a new entry moves a room to the top, a read mark does not", async () => {
    const one = await tab();
    const stream = await snapshot(one, room("a", 3), room("b", 2, 2), room("c", 1));
    change(stream, room("b", 2, 0));
    expect(items(one)).toEqual(["a", "b", "c"]);
    expect(one.client.rooms.getState().unread.get("b")).toBe(0);
    change(stream, room("c", 4, 1));
    change(stream, room("new", 1, 1, 5));

    expect(items(one)).toEqual(["new", "c", "a", "b"]);
    expect(one.client.rooms.getState().unread).toEqual(
      new Map([
        ["new", 1],
        ["c", 1],
        ["a", 0],
        ["b", 0],
      ]),
    );
  });

  test("the latest rooms, sent again in the middle of a stream, keep their order", async () => {
    const one = await tab();
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    for (const line of [room("b", 9), room("c", 8), room("a", 7)]) change(stream, line);
    stream.say('{"type":"ready"}');

    expect(items(one)).toEqual(["b", "c", "a"]);
  });

  test("a line that is older than what is known changes nothing", async () => {
    const one = await tab();
    const stream = await snapshot(one, room("a", 3, 1), room("b", 2));
    change(stream, room("a", 2, 9));

    expect(one.client.rooms.getState().rooms[0]).toEqual(room("a", 3, 1));
  });

  test("older rooms are loaded on demand, behind the last one", async () => {
    const full = Array.from({ length: 100 }, (_, n) => room(`room-${n}`, 1, 0, 1000 - n));
    const one = await tab({ "/api/items?before=room-99&limit=100": { items: [room("older", 1, 0, 5)] } });
    await snapshot(one, ...full);
    expect(one.client.rooms.getState().hasMore).toBe(true);
    await one.client.rooms.loadMore();

    expect(items(one)).toHaveLength(101);
    expect(items(one).at(-1)).toBe("older");
    expect(one.client.rooms.getState().hasMore).toBe(false);
  });

  test("a broken stream leaves the list as it was, and begins with a snapshot again", async () => {
    const one = await tab();
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    stream.break(false);
    expect(one.client.rooms.getState()).toMatchObject({ status: "stale" });
    expect(items(one)).toEqual(["a", "b"]);
    await snapshot(one, room("b", 4));

    expect(one.client.rooms.getState().status).toBe("live");
    expect(items(one)).toEqual(["b"]);
  });

  test("a stream that the server ends is opened again after a pause", async () => {
    const one = await tab();
    (await snapshot(one, room("a"))).end(1012);
    expect(openStreams(one)).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);

    expect(openStreams(one)).toBe(1);
  });

  test("A3 a refused token is tried at most five times a minute", async () => {
    const one = await tab();
    one.platform.fetch = async () =>
      Response.json({ code: "unauthenticated", reason: "wrong_key", detail: "no" }, { status: 401 });
    for (let seconds = 0; seconds < 60; seconds += 1) {
      for (const stream of one.platform.events) if (stream.readyState === 0) stream.break(true);
      await vi.advanceTimersByTimeAsync(1000);
    }

    expect(one.platform.events.length).toBeLessThanOrEqual(5);
  });

  test("A3 a stream that was refused is opened again only after HTTP lets the token in", async () => {
    const one = await tab();
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
    const one = await tab();
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

  test("without subscribers there is no stream", async () => {
    const one = await tab();
    await snapshot(one, room("a"));
    one.leave();
    await settle();

    expect(openStreams(one)).toBe(0);
    expect(profile.channels).toBe(1); // the one on which sign-outs are announced
    expect(profile.locks).toBe(0);
  });
});

describe("several tabs", () => {
  test("share one stream, and see the same list", async () => {
    const one = await tab();
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    const other = await tab();
    expect(items(other)).toEqual(["a", "b"]);
    change(stream, room("b", 4, 1));
    await settle();

    expect(openStreams(one, other)).toBe(1);
    expect(items(other)).toEqual(["b", "a"]);
    expect(other.client.rooms.getState()).toMatchObject({ status: "live" });
  });

  test("another tab opens the stream when the one that has it is hidden", async () => {
    const one = await tab();
    await snapshot(one, room("a"));
    const other = await tab();
    one.platform.dispatch("hidden");
    await settle();

    expect(openStreams(one)).toBe(0);
    expect(openStreams(other)).toBe(1);
  });

  test("no stream is open while all of them are hidden", async () => {
    const one = await tab();
    await snapshot(one, room("a"));
    const other = await tab();
    one.platform.dispatch("hidden");
    other.platform.dispatch("hidden");
    await settle();
    expect(openStreams(one, other)).toBe(0);
    other.platform.dispatch("visible");
    await settle();

    expect(openStreams(one, other)).toBe(1);
  });

  test("another tab opens the stream when the one that has it is closed", async () => {
    const one = await tab();
    await snapshot(one, room("a"));
    const other = await tab();
    one.client.close();
    await settle();

    expect(openStreams(one)).toBe(0);
    expect(openStreams(other)).toBe(1);
  });

  test("members of one browser do not see each other's list", async () => {
    const one = await tab();
    await snapshot(one, room("a"));
    const platform = new FakePlatform(profile);
    const client = createClient({ url: "http://here", getToken: () => "another", platform });
    client.rooms.subscribe(() => undefined);
    await settle();

    expect(client.rooms.getState().rooms).toEqual([]);
    expect(platform.events).toHaveLength(1);
  });
});

describe("unread counts of given items", () => {
  test("leave out what the member may not read", async () => {
    const one = await tab();
    one.platform.fetch = async (url) => {
      const wanted = new URL(url).searchParams.getAll("item");
      if (wanted.includes("secret"))
        return Response.json({ code: "forbidden", detail: "no" }, { status: 403 });
      return Response.json({ items: wanted.map((item) => ({ item, head: 1, unread: 1 })) });
    };
    one.client.rooms.watchUnread(["a", "secret", "b"]);
    await settle();

    expect(one.client.rooms.getState().unread).toEqual(
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
    );
  });

  test("are asked for together, kept up by the stream, and forgotten", async () => {
    const counts = {
      items: [
        { item: "x", head: 9, unread: 4 },
        { item: "y", head: 0, unread: 0 },
      ],
    };
    const one = await tab({ "/api/unread?item=x&item=y": counts });
    const stream = await snapshot(one, room("a"));
    const stop = one.client.rooms.watchUnread(["x"]);
    one.client.rooms.watchUnread(["y"]);
    await settle();
    expect(one.client.rooms.getState().unread).toEqual(
      new Map([
        ["x", 4],
        ["y", 0],
        ["a", 0],
      ]),
    );
    change(stream, room("x", 10, 5));
    expect(one.client.rooms.getState().unread.get("x")).toBe(5);
    stop();

    expect(one.client.rooms.getState().unread.has("y")).toBe(true);
  });
});
