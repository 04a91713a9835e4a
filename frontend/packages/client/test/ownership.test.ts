// Whose words are these: what a browser keeps belongs to one member and one log, and is sent for nobody else.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Credential } from "../src/auth/tokens";
import type { Hello, ServerLine } from "../src/protocol/wire.gen";
import type { Room } from "../src/room/room";
import { Rooms } from "../src/rooms";
import { draftNote } from "../src/storage/forget";
import { type FakeSocket, greeting } from "./support/doubles";
import { FakePlatform, FakeProfile } from "./support/fakePlatform";

const origin = { protocol: "http:", host: "here" };
const server = "http://here";
const cookie: Credential = { token: null, name: null };

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

type Tab = { platform: FakePlatform; rooms: Rooms; room: Room; release: () => void };

async function tab(credential: Credential): Promise<Tab> {
  const platform = new FakePlatform(profile);
  platform.fetch = async () => new Response(null, { status: 204 });
  const rooms = new Rooms(credential, origin, platform);
  const room = rooms.open("foo");
  const release = room.hold();
  await settle();
  return { platform, rooms, room, release };
}

function say(socket: FakeSocket, line: ServerLine): void {
  socket.say(JSON.stringify(line));
}

async function greet({ platform }: Tab, you: string, more: Partial<Hello> = {}): Promise<FakeSocket> {
  const socket = platform.browser.newest;
  socket.accept();
  say(socket, { ...greeting, you: { id: you, name: you, can: ["read", "write"] }, ...more });
  await settle();
  await settle();
  return socket;
}

const bodies = ({ platform }: Tab) =>
  platform.browser.sockets.flatMap(({ sent }) =>
    sent.map((line) => JSON.parse(line)).map(({ body }) => body),
  );

function rows({ platform, room }: Tab) {
  platform.browser.paint();
  return room.view().rows;
}

function signed(sub: string): string {
  return `x.${btoa(JSON.stringify({ sub }))}.y`;
}

const message = (seq: number, by: string): ServerLine => ({
  type: "entry",
  seq,
  kind: "message",
  id: `id-${seq}`,
  by: { id: by, name: by },
  at: seq,
  body: `m${seq}`,
});

describe("one login cookie after another in the same browser", () => {
  test("what one member left unsent is never sent in the next one's name", async () => {
    const ada = await tab(cookie);
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();

    const bob = await tab(cookie);
    await greet(bob, "bob");
    bob.room.send("bob's words");
    await vi.advanceTimersByTimeAsync(5000);
    await greet(bob, "bob");

    expect(bodies(bob)).not.toContain("ada's words");
    expect(bodies(bob)).toContain("bob's words");
    expect(JSON.stringify(rows(bob))).not.toContain("ada's words");
  });

  test("and goes out when its author is back", async () => {
    const ada = await tab(cookie);
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();
    const bob = await tab(cookie);
    await greet(bob, "bob");
    bob.platform.crash();

    const again = await tab(cookie);
    await greet(again, "ada");
    await greet(again, "ada");

    expect(bodies(again)).toContain("ada's words");
  });

  test("what is written before the server has told whose the cookie is has one author", async () => {
    const someone = await tab(cookie);
    someone.room.send("early");
    await settle();
    await greet(someone, "ada");

    expect(bodies(someone)).toEqual(["early"]);
    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:ada" })).toHaveLength(1);
  });

  test("what one member read is not shown to the next, and is removed", async () => {
    const ada = await tab(cookie);
    const socket = await greet(ada, "ada", { head: 1 });
    say(socket, message(1, "ada"));
    await vi.advanceTimersByTimeAsync(2000);
    ada.platform.crash();

    const bob = await tab(cookie);
    expect(rows(bob)).toHaveLength(1); // the last member's, until the server says that it is another one
    await greet(bob, "bob");

    expect(rows(bob)).toEqual([]);
    expect(await profile.storage.history({ server, item: "foo", member: "sub:ada" })).toBeUndefined();
  });
});

test("a signed token and the login cookie of the same member share one outbox", async () => {
  const by = await tab({ token: signed("ada"), name: null });
  by.room.send("waiting");
  await settle();
  by.platform.crash();
  const login = await tab(cookie);
  await greet(login, "ada");
  await vi.advanceTimersByTimeAsync(10);

  expect(bodies(login)).toContain("waiting");
});

describe("an edit that waits while the log is replaced (R5)", () => {
  async function queued(change: (room: Room) => void): Promise<Tab> {
    const ada = await tab({ token: signed("ada"), name: null });
    const socket = await greet(ada, "ada", { head: 1 });
    say(socket, message(1, "ada"));
    socket.end(1006);
    change(ada.room);
    await vi.advanceTimersByTimeAsync(3000);
    return ada;
  }

  test.each([
    ["edit", (room: Room) => room.edit(1, "other words"), "another id", { log: "two", reset: true }],
    ["delete", (room: Room) => room.delete(1), "another id", { log: "two", reset: true }],
    ["edit", (room: Room) => room.edit(1, "other words"), "the same id", { log: "one", reset: true }],
  ])("an %s is refused visibly, and never sent (%3$s)", async (_kind, change, _id, more) => {
    const ada = await queued(change);
    const socket = await greet(ada, "ada", { head: 1, ...more });
    say(socket, message(1, "bob"));
    await vi.advanceTimersByTimeAsync(1000);

    expect(socket.sent.filter((line) => line.includes("target"))).toEqual([]);
    const draft = rows(ada).find((row) => row.type === "draft");
    expect(draft).toMatchObject({ progress: { is: "refused", code: "log_reset" } });
    ada.room.retry(draft?.type === "draft" ? draft.id : "");
    await settle();
    expect(socket.sent.filter((line) => line.includes("target"))).toEqual([]);
  });

  test("goes out where the log is the same", async () => {
    const ada = await queued((room) => room.edit(1, "other words"));
    const socket = await greet(ada, "ada", { head: 1 });

    expect(socket.sent.some((line) => line.includes("other words"))).toBe(true);
  });
});

test("P5 how far another log was read is not told to the new one", async () => {
  const ada = await tab({ token: signed("ada"), name: null });
  const socket = await greet(ada, "ada", { head: 9 });
  ada.room.read(9);
  socket.end(1006);
  await vi.advanceTimersByTimeAsync(3000);
  const next = await greet(ada, "ada", { head: 3, log: "two", reset: true });
  await vi.advanceTimersByTimeAsync(1000);

  expect(next.sent.filter((line) => line.includes('"read"'))).toEqual([]);
});

describe("signing out", () => {
  test("removes drafts, conversation and what was half written, in every tab, and stops the rooms", async () => {
    const credential = { token: signed("ada"), name: null };
    const here = await tab(credential);
    const there = await tab(credential);
    const left: string[] = [];
    for (const [name, one] of [
      ["here", here],
      ["there", there],
    ] as const) {
      one.rooms.attach(() => left.push(name));
      const socket = await greet(one, "ada", { head: 1 });
      say(socket, message(1, "bob"));
    }
    await vi.advanceTimersByTimeAsync(2000);
    for (const one of [here, there]) one.platform.browser.newest.end(1006);
    here.room.send("unsent");
    const key = { server, item: "foo", member: "sub:ada" };
    profile.notes.set(draftNote(key), "half written");
    there.platform.tabNotes.set(draftNote(key), "half written there");
    await settle();
    await here.rooms.signOut();
    await settle();

    expect(left.sort()).toEqual(["here", "there"]);
    expect(await profile.storage.drafts(key)).toEqual([]);
    expect(await profile.storage.history(key)).toBeUndefined();
    expect(profile.notes.keys("alcove.").filter((name) => name.includes("sub:ada"))).toEqual([]);
    expect(there.platform.tabNotes.keys("alcove.")).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(here.platform.browser.live + there.platform.browser.live).toBe(0);
    expect(await profile.storage.history(key)).toBeUndefined();
    expect(rows(there)).toEqual([]);
  });

  test("elsewhere is noticed by the server's word, without a channel between tabs", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    let left = 0;
    ada.rooms.attach(() => {
      left += 1;
    });
    const socket = await greet(ada, "ada", { head: 1 });
    say(socket, message(1, "bob"));
    await vi.advanceTimersByTimeAsync(2000);
    say(socket, { type: "error", code: "unauthenticated", message: "ended", reason: "signed_out" });
    socket.end(4401, "ended");
    await settle();

    expect(left).toBe(1);
    expect(await profile.storage.history({ server, item: "foo", member: "sub:ada" })).toBeUndefined();
  });

  test("leaves another member's drafts alone", async () => {
    const bob = await tab({ token: signed("bob"), name: null });
    bob.room.send("bob's");
    await settle();
    const ada = await tab({ token: signed("ada"), name: null });
    await ada.rooms.signOut();

    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:bob" })).toHaveLength(1);
  });
});

describe("disposal", () => {
  test("a room that nobody holds is forgotten, with its channel", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    expect(profile.channels).toBe(1);
    ada.release();
    await settle();

    expect(profile.channels).toBe(0);
    expect(ada.rooms.open("foo")).not.toBe(ada.room);
  });

  test("an unsent message outlives its room object where nothing can be stored", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    ada.room.send("kept");
    await settle();
    ada.release();
    await settle();
    const again = ada.rooms.open("foo");
    again.hold();
    await settle();
    const socket = await greet({ ...ada, room: again }, "ada");

    expect(socket.sent.some((line) => line.includes("kept"))).toBe(true);
  });
});

test("sockets and HTTP together make at most five attempts a minute with refused tokens, and one that finds out", async () => {
  const ada = await tab({ token: signed("ada"), name: null });
  let tokens = 0;
  let requests = 0;
  ada.platform.askHost = async () => {
    tokens += 1;
    return signed("ada") + tokens;
  };
  ada.platform.fetch = async () => {
    requests += 1;
    return Response.json({ code: "unauthenticated", detail: "no", reason: "wrong_key" }, { status: 401 });
  };
  for (let n = 0; n < 590; n += 1) {
    await ada.rooms.http.items().catch(() => undefined);
    const { newest } = ada.platform.browser;
    if (newest.readyState === 0) {
      newest.accept();
      say(newest, { type: "error", code: "unauthenticated", message: "no", reason: "wrong_key" });
      newest.end(4401, "no");
    }
    await vi.advanceTimersByTimeAsync(100);
  }

  expect(ada.platform.browser.sockets.length + requests).toBeLessThanOrEqual(6);
});

describe("a fresh token for the same member", () => {
  test("goes on in the same room", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    (await greet(ada, "ada")).end(4401, "expired");
    await settle();
    ada.rooms.renewWith({ token: `${signed("ada")}2`, name: null });
    await settle();

    expect(ada.platform.browser.newest.url).toContain(encodeURIComponent(`${signed("ada")}2`));
  });

  test("is taken from the host page when it gives one unasked, and revives the room", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    ada.rooms.attach(() => undefined);
    (await greet(ada, "ada")).end(4401, "expired");
    await vi.advanceTimersByTimeAsync(60_000);
    const sockets = ada.platform.browser.sockets.length;
    ada.platform.give(signed("bob"));
    await settle();
    expect(ada.platform.browser.sockets).toHaveLength(sockets);
    ada.platform.give(`${signed("ada")}2`);
    await settle();

    expect(ada.platform.browser.newest.url).toContain(encodeURIComponent(`${signed("ada")}2`));
  });

  test("of another member is not taken from the host page", async () => {
    const ada = await tab({ token: signed("ada"), name: null });
    ada.platform.askHost = () => Promise.resolve(signed("bob"));
    (await greet(ada, "ada")).end(4401, "expired");
    await vi.advanceTimersByTimeAsync(60_000);

    expect(
      ada.platform.browser.sockets.every(({ url }) => !url.includes(encodeURIComponent(signed("bob")))),
    ).toBe(true);
  });
});
