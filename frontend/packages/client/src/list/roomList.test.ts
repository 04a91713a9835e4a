// The live list of rooms: one stream for all tabs of a browser, and none while nobody sees it (W10).
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakePlatform, FakeProfile } from "../../test/support/fakePlatform";
import {
  change,
  items,
  openStreams,
  room,
  settle,
  snapshot,
  streamOf,
  tab,
} from "../../test/support/listTab";
import { createClient } from "../client";

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("one tab", () => {
  test("shows the snapshot once it is complete", async () => {
    const one = await tab(profile);
    expect(one.client.rooms.getState()).toMatchObject({ status: "loading", rooms: [] });
    expect(streamOf(one).url).toBe("http://here/api/items/events?token=secret");
    change(streamOf(one), room("a", 3));
    expect(items(one)).toEqual([]);
    await snapshot(one, room("b", 2));

    expect(one.client.rooms.getState()).toMatchObject({ status: "live", hasMore: false });
    expect(items(one)).toEqual(["a", "b"]);
  });

  test("a new entry moves a room to the top, a read mark does not", async () => {
    const one = await tab(profile);
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
    const one = await tab(profile);
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    for (const line of [room("b", 9), room("c", 8), room("a", 7)]) change(stream, line);
    stream.say('{"type":"ready"}');

    expect(items(one)).toEqual(["b", "c", "a"]);
  });

  test("a line that is older than what is known changes nothing", async () => {
    const one = await tab(profile);
    const stream = await snapshot(one, room("a", 3, 1), room("b", 2));
    change(stream, room("a", 2, 9));

    expect(one.client.rooms.getState().rooms[0]).toEqual(room("a", 3, 1));
  });

  test("older rooms are loaded on demand, behind the last one", async () => {
    const full = Array.from({ length: 100 }, (_, n) => room(`room-${n}`, 1, 0, 1000 - n));
    const one = await tab(profile, {
      "/api/items?before=room-99&limit=100": { items: [room("older", 1, 0, 5)] },
    });
    await snapshot(one, ...full);
    expect(one.client.rooms.getState().hasMore).toBe(true);
    await one.client.rooms.loadMore();

    expect(items(one)).toHaveLength(101);
    expect(items(one).at(-1)).toBe("older");
    expect(one.client.rooms.getState().hasMore).toBe(false);
  });

  test("a broken stream leaves the list as it was, and begins with a snapshot again", async () => {
    const one = await tab(profile);
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    stream.break(false);
    expect(one.client.rooms.getState()).toMatchObject({ status: "stale" });
    expect(items(one)).toEqual(["a", "b"]);
    await snapshot(one, room("b", 4));

    expect(one.client.rooms.getState().status).toBe("live");
    expect(items(one)).toEqual(["b"]);
  });

  test("a stream that the server ends is opened again after a pause", async () => {
    const one = await tab(profile);
    (await snapshot(one, room("a"))).end(1012);
    expect(openStreams(one)).toBe(0);
    await vi.advanceTimersByTimeAsync(1000);

    expect(openStreams(one)).toBe(1);
  });

  test("without subscribers there is no stream", async () => {
    const one = await tab(profile);
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
    const one = await tab(profile);
    const stream = await snapshot(one, room("a", 3), room("b", 2));
    const other = await tab(profile);
    expect(items(other)).toEqual(["a", "b"]);
    change(stream, room("b", 4, 1));
    await settle();

    expect(openStreams(one, other)).toBe(1);
    expect(items(other)).toEqual(["b", "a"]);
    expect(other.client.rooms.getState()).toMatchObject({ status: "live" });
  });

  test("another tab opens the stream when the one that has it is hidden", async () => {
    const one = await tab(profile);
    await snapshot(one, room("a"));
    const other = await tab(profile);
    one.platform.dispatch("hidden");
    await settle();

    expect(openStreams(one)).toBe(0);
    expect(openStreams(other)).toBe(1);
  });

  test("no stream is open while all of them are hidden", async () => {
    const one = await tab(profile);
    await snapshot(one, room("a"));
    const other = await tab(profile);
    one.platform.dispatch("hidden");
    other.platform.dispatch("hidden");
    await settle();
    expect(openStreams(one, other)).toBe(0);
    other.platform.dispatch("visible");
    await settle();

    expect(openStreams(one, other)).toBe(1);
  });

  test("another tab opens the stream when the one that has it is closed", async () => {
    const one = await tab(profile);
    await snapshot(one, room("a"));
    const other = await tab(profile);
    one.client.close();
    await settle();

    expect(openStreams(one)).toBe(0);
    expect(openStreams(other)).toBe(1);
  });

  test("members of one browser do not see each other's list", async () => {
    const one = await tab(profile);
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
    const one = await tab(profile);
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
    const one = await tab(profile, { "/api/unread?item=x&item=y": counts });
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
