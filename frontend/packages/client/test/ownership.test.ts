// What a browser keeps belongs to one member and one log, and is sent for nobody else.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Room } from "../src/room/room";
import { FakeProfile } from "./support/fakePlatform";
import {
  bodies,
  greet,
  message,
  messages,
  openTab,
  say,
  server,
  settle,
  signed,
  type Tab,
} from "./support/roomTab";

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("one login cookie after another in the same browser", () => {
  test("what one member left unsent is never sent in the next one's name", async () => {
    const ada = await openTab(profile);
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();

    const bob = await openTab(profile);
    await greet(bob, "bob");
    bob.room.send("bob's words");
    await vi.advanceTimersByTimeAsync(5000);
    await greet(bob, "bob");

    expect(bodies(bob)).not.toContain("ada's words");
    expect(bodies(bob)).toContain("bob's words");
    expect(JSON.stringify(messages(bob))).not.toContain("ada's words");
  });

  test("and goes out when its author is back", async () => {
    const ada = await openTab(profile);
    (await greet(ada, "ada")).end(1006);
    ada.room.send("ada's words");
    await settle();
    ada.platform.crash();
    const bob = await openTab(profile);
    await greet(bob, "bob");
    bob.platform.crash();

    const again = await openTab(profile);
    await greet(again, "ada");
    await greet(again, "ada");

    expect(bodies(again)).toContain("ada's words");
  });

  test("what is written before the server has told whose the cookie is has one author", async () => {
    const someone = await openTab(profile);
    someone.room.send("early");
    await settle();
    await greet(someone, "ada");

    expect(bodies(someone)).toEqual(["early"]);
    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:ada" })).toHaveLength(1);
  });

  test("what one member read is not shown to the next, and is removed", async () => {
    const ada = await openTab(profile);
    const socket = await greet(ada, "ada", { head: 1 });
    say(socket, message(1, "ada"));
    await vi.advanceTimersByTimeAsync(2000);
    ada.platform.crash();

    const bob = await openTab(profile);
    expect(messages(bob)).toHaveLength(1); // the last member's, until the server says that it is another one
    await greet(bob, "bob");

    expect(messages(bob)).toEqual([]);
    expect(await profile.storage.history({ server, item: "foo", member: "sub:ada" })).toBeUndefined();
  });
});

test("a signed token and the login cookie of the same member share one outbox", async () => {
  const by = await openTab(profile, () => signed("ada"));
  by.room.send("waiting");
  await settle();
  by.platform.crash();
  const login = await openTab(profile);
  await greet(login, "ada");
  await vi.advanceTimersByTimeAsync(10);

  expect(bodies(login)).toContain("waiting");
});

describe("an edit that waits while the log is replaced (R5)", () => {
  async function queued(change: (room: Room) => void): Promise<Tab> {
    const ada = await openTab(profile, () => signed("ada"));
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

  test("goes out where the log is the same, once the log has shown its last entry", async () => {
    const ada = await queued((room) => room.edit(1, "other words"));
    const socket = await greet(ada, "ada", { head: 1 });
    const sent = () => socket.sent.some((line) => line.includes("other words"));
    expect(sent()).toBe(false);
    say(socket, message(1, "ada"));
    await settle();

    expect(sent()).toBe(true);
  });

  test("is refused where the log lost entries and kept its id: another entry has the number", async () => {
    const ada = await queued((room) => room.edit(1, "other words"));
    const socket = await greet(ada, "ada", { head: 1 });
    expect(new URL(socket.url).searchParams.get("after")).toBe("0");
    say(socket, message(1, "bob"));
    await settle();
    const next = ada.platform.browser.newest;
    expect(new URL(next.url).searchParams.get("after")).toBe(null);
    await greet(ada, "ada", { head: 1 });
    say(next, message(1, "bob"));
    await vi.advanceTimersByTimeAsync(1000);

    expect([...socket.sent, ...next.sent].filter((line) => line.includes("target"))).toEqual([]);
    expect(messages(ada).map(({ delivery, error, author }) => [delivery, error?.code, author.id])).toEqual([
      ["sent", undefined, "bob"],
      ["failed", "log_reset", "ada"],
    ]);
    expect(ada.room.getState().history.wasReset).toBe(true);
  });

  test("is refused where another tab wrote it for a message that the log has lost", async () => {
    const ada = await openTab(profile, () => signed("ada"));
    const first = message(1, "ada");
    say(await greet(ada, "ada", { head: 1 }), first);
    const other = await openTab(profile, () => signed("ada"));
    const socket = await greet(other, "ada", { head: 1 });
    say(socket, { ...first, id: "another", at: 2 } as typeof first);
    ada.platform.browser.newest.end(1006);
    ada.room.edit(1, "other words");
    await vi.advanceTimersByTimeAsync(1000);

    expect(socket.sent.filter((line) => line.includes("target"))).toEqual([]);
    expect(messages(other)).toMatchObject([
      { body: "m1" },
      { delivery: "failed", error: { code: "log_reset" } },
    ]);
  });

  test.each([
    ["is refused where the log ends before it", { entries: [], oldest: 1 }, "log_reset"],
    [
      "goes out where the server shows the entry over HTTP",
      { entries: [message(1, "ada")], oldest: 1 },
      undefined,
    ],
    ["goes out where retention has removed the entry", { entries: [], oldest: 2 }, undefined],
  ])("%s, if the stream of events begins behind it", async (_name, page, code) => {
    const ada = await queued((room) => room.edit(1, "other words"));
    const socket = await greet(ada, "ada", { head: 1 });
    ada.platform.fetch = async (url) =>
      new URL(url).searchParams.get("before") === "2"
        ? Response.json({ ...page, head: 1, log: "one" })
        : new Response(null, { status: 204 });
    await vi.advanceTimersByTimeAsync(1000);

    expect(socket.sent.some((line) => line.includes("other words"))).toBe(code === undefined);
    const failed = messages(ada).find(({ delivery }) => delivery === "failed");
    expect(failed?.error?.code).toBe(code);
  });
});

test("P5 how far another log was read is not told to the new one", async () => {
  const ada = await openTab(profile, () => signed("ada"));
  const socket = await greet(ada, "ada", { head: 9 });
  ada.room.markRead(9);
  socket.end(1006);
  await vi.advanceTimersByTimeAsync(3000);
  const next = await greet(ada, "ada", { head: 3, log: "two", reset: true });
  await vi.advanceTimersByTimeAsync(1000);

  expect(next.sent.filter((line) => line.includes('"read"'))).toEqual([]);
});
