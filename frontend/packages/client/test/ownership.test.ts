// Whose words are these: what a browser keeps belongs to one member and one log, and is sent for nobody else.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GetToken } from "../src/auth/tokenSource";
import { type Client, createClient } from "../src/client";
import type { Hello, ServerLine } from "../src/protocol/wire.gen";
import type { Room } from "../src/room/room";
import { draftNote } from "../src/storage/forget";
import { type FakeSocket, greeting } from "./support/doubles";
import { FakePlatform, FakeProfile } from "./support/fakePlatform";

const server = "http://here";

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

type Tab = { platform: FakePlatform; client: Client; room: Room; leave: () => void };

/** A tab that joins the room; without `getToken` the login cookie counts. */
async function tab(getToken?: GetToken): Promise<Tab> {
  const platform = new FakePlatform(profile);
  platform.fetch = async () => new Response(null, { status: 204 });
  const client = createClient({ url: server, platform, ...(getToken !== undefined && { getToken }) });
  const room = client.room("foo");
  const leave = room.join();
  await settle();
  return { platform, client, room, leave };
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

const messages = ({ room }: Tab) => room.getState().messages;

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
    const ada = await tab();
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();

    const bob = await tab();
    await greet(bob, "bob");
    bob.room.send("bob's words");
    await vi.advanceTimersByTimeAsync(5000);
    await greet(bob, "bob");

    expect(bodies(bob)).not.toContain("ada's words");
    expect(bodies(bob)).toContain("bob's words");
    expect(JSON.stringify(messages(bob))).not.toContain("ada's words");
  });

  test("and goes out when its author is back", async () => {
    const ada = await tab();
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();
    const bob = await tab();
    await greet(bob, "bob");
    bob.platform.crash();

    const again = await tab();
    await greet(again, "ada");
    await greet(again, "ada");

    expect(bodies(again)).toContain("ada's words");
  });

  test("what is written before the server has told whose the cookie is has one author", async () => {
    const someone = await tab();
    someone.room.send("early");
    await settle();
    await greet(someone, "ada");

    expect(bodies(someone)).toEqual(["early"]);
    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:ada" })).toHaveLength(1);
  });

  test("what one member read is not shown to the next, and is removed", async () => {
    const ada = await tab();
    const socket = await greet(ada, "ada", { head: 1 });
    say(socket, message(1, "ada"));
    await vi.advanceTimersByTimeAsync(2000);
    ada.platform.crash();

    const bob = await tab();
    expect(messages(bob)).toHaveLength(1); // the last member's, until the server says that it is another one
    await greet(bob, "bob");

    expect(messages(bob)).toEqual([]);
    expect(await profile.storage.history({ server, item: "foo", member: "sub:ada" })).toBeUndefined();
  });
});

test("a signed token and the login cookie of the same member share one outbox", async () => {
  const by = await tab(() => signed("ada"));
  by.room.send("waiting");
  await settle();
  by.platform.crash();
  const login = await tab();
  await greet(login, "ada");
  await vi.advanceTimersByTimeAsync(10);

  expect(bodies(login)).toContain("waiting");
});

describe("an edit that waits while the log is replaced (R5)", () => {
  async function queued(change: (room: Room) => void): Promise<Tab> {
    const ada = await tab(() => signed("ada"));
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
    const failed = messages(ada).find(({ delivery }) => delivery === "failed");
    expect(failed).toMatchObject({ error: { code: "log_reset" } });
    ada.room.retry(failed?.id ?? "");
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
  const ada = await tab(() => signed("ada"));
  const socket = await greet(ada, "ada", { head: 9 });
  ada.room.markRead(9);
  socket.end(1006);
  await vi.advanceTimersByTimeAsync(3000);
  const next = await greet(ada, "ada", { head: 3, log: "two", reset: true });
  await vi.advanceTimersByTimeAsync(1000);

  expect(next.sent.filter((line) => line.includes('"read"'))).toEqual([]);
});

describe("signing out", () => {
  test("removes drafts, conversation and what was half written, in every tab, and stops the rooms", async () => {
    const here = await tab(() => signed("ada"));
    const there = await tab(() => signed("ada"));
    const left: string[] = [];
    for (const [name, one] of [
      ["here", here],
      ["there", there],
    ] as const) {
      one.client.on("signedOut", () => left.push(name));
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
    await here.client.logout();
    await settle();

    expect(left.sort()).toEqual(["here", "there"]);
    expect(await profile.storage.drafts(key)).toEqual([]);
    expect(await profile.storage.history(key)).toBeUndefined();
    expect(profile.notes.keys("alcove.").filter((name) => name.includes("sub:ada"))).toEqual([]);
    expect(there.platform.tabNotes.keys("alcove.")).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(here.platform.browser.live + there.platform.browser.live).toBe(0);
    expect(await profile.storage.history(key)).toBeUndefined();
    expect(messages(there)).toEqual([]);
  });

  test("elsewhere is noticed by the server's word, without a channel between tabs", async () => {
    const ada = await tab(() => signed("ada"));
    let left = 0;
    ada.client.on("signedOut", () => {
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
    const bob = await tab(() => signed("bob"));
    bob.room.send("bob's");
    await settle();
    const ada = await tab(() => signed("ada"));
    await ada.client.logout();

    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:bob" })).toHaveLength(1);
  });
});

describe("disposal", () => {
  test("a room that nobody has joined is forgotten, with its channel", async () => {
    const ada = await tab(() => signed("ada"));
    expect(profile.channels).toBe(2); // the room's, and the one on which sign-outs are announced
    ada.leave();
    await settle();

    expect(profile.channels).toBe(1);
    expect(ada.client.room("foo")).not.toBe(ada.room);
  });

  test("an unsent message outlives its room object where nothing can be stored", async () => {
    const ada = await tab(() => signed("ada"));
    ada.room.send("kept");
    await settle();
    ada.leave();
    await settle();
    const again = ada.client.room("foo");
    again.join();
    await settle();
    const socket = await greet({ ...ada, room: again }, "ada");

    expect(socket.sent.some((line) => line.includes("kept"))).toBe(true);
  });
});

test("sockets and HTTP together make at most five attempts a minute with refused tokens, and one that finds out", async () => {
  let tokens = 0;
  const ada = await tab(() => {
    tokens += 1;
    return signed("ada") + tokens;
  });
  let requests = 0;
  ada.platform.fetch = async () => {
    requests += 1;
    return Response.json({ code: "unauthenticated", detail: "no", reason: "wrong_key" }, { status: 401 });
  };
  for (let n = 0; n < 590; n += 1) {
    await ada.client.rooms.search("o").catch(() => undefined);
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

describe("another token", () => {
  /** A room whose server ends the connection because the first token has expired. */
  async function expired(getToken: GetToken): Promise<Tab> {
    const ada = await tab(getToken);
    (await greet(ada, "ada")).end(4401, "expired");
    await settle();
    return ada;
  }

  test("A4 of the same member opens the room again", async () => {
    const ada = await expired(({ reason }) => signed("ada") + (reason === "refused" ? "2" : ""));

    expect(ada.platform.browser.newest.url).toContain(encodeURIComponent(`${signed("ada")}2`));
  });

  test("A4 of another member is not used: it would send what this one wrote", async () => {
    const ada = await expired(({ reason }) => signed(reason === "refused" ? "eve" : "ada"));
    await vi.advanceTimersByTimeAsync(60_000);

    expect(ada.platform.browser.sockets).toHaveLength(1);
    expect(ada.room.getState()).toMatchObject({
      status: "ended",
      error: { closeCode: 4401, message: "expired" },
    });
  });

  test("is asked for at once when the application says that there is one", async () => {
    let token = signed("ada");
    const ada = await expired(() => token);
    expect(ada.room.getState().status).toBe("ended");
    token = `${signed("ada")}2`;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ada.platform.browser.sockets).toHaveLength(1);
    ada.client.refresh();
    await settle();

    expect(ada.platform.browser.newest.url).toContain(encodeURIComponent(token));
  });
});
