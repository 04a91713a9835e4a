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

  test("goes out where the log is the same", async () => {
    const ada = await queued((room) => room.edit(1, "other words"));
    const socket = await greet(ada, "ada", { head: 1 });

    expect(socket.sent.some((line) => line.includes("other words"))).toBe(true);
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
