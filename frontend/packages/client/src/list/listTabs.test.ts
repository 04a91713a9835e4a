// Tabs that share the list: locks that hang, a suspended tab, and a login that turns out to be another member's.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakePlatform, FakeProfile } from "../../test/support/fakePlatform";
import { items, openStreams, room, settle, snapshot, type Tab, tab } from "../../test/support/listTab";
import { greet, openTab } from "../../test/support/roomTab";
import { createClient } from "../client";

/** Within so long, in ms, a list must be there. */
const SOON_MS = 8000;

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the lock of the list", () => {
  test.each([
    ["is refused", () => Promise.reject(new DOMException("no", "SecurityError"))],
    ["is never granted", () => new Promise<never>(() => undefined)],
  ])("does not keep the list away where it %s", async (_how, held) => {
    const platform = new FakePlatform(profile);
    platform.lock = () => ({ held: held(), release: () => undefined });
    const client = createClient({ url: "http://here", getToken: () => "secret", platform });
    client.rooms.subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(SOON_MS);

    expect(platform.events).toHaveLength(1);
  });

  test("does not either where a suspended tab holds it, and one stream is left when that goes on", async () => {
    const holder = await tab(profile);
    await snapshot(holder, room("a"));
    profile.suspend(holder.platform);
    const other = await tab(profile);
    await vi.advanceTimersByTimeAsync(SOON_MS);
    await snapshot(other, room("a"), room("b"));
    expect(items(other)).toEqual(["a", "b"]);
    expect(openStreams(holder, other)).toBe(2);
    profile.resume(holder.platform);
    const third = await tab(profile);
    await settle();

    expect(openStreams(other, third)).toBe(0);
    expect(openStreams(holder)).toBe(1);
    expect(items(other)).toEqual(["a"]);
  });

  test("is respected while the tab that holds it waits for the server", async () => {
    const holder = await tab(profile);
    const other = await tab(profile);
    await vi.advanceTimersByTimeAsync(SOON_MS);

    expect(openStreams(holder)).toBe(1);
    expect(openStreams(other)).toBe(0);
  });
});

test("a login that turns out to be another member's does not get the list of the one before", async () => {
  const ada = await openTab(profile);
  await greet(ada, "ada");
  ada.client.rooms.subscribe(() => undefined);
  await settle();
  await snapshot(ada as unknown as Tab, room("ada's"));

  const bob = await openTab(profile);
  bob.client.rooms.subscribe(() => undefined);
  await greet(bob, "bob");
  await settle();

  expect(bob.client.rooms.getState()).toMatchObject({ status: "loading", rooms: [] });
  expect(bob.platform.events).toHaveLength(1);
});

test("a room that is joined again after it was left is signed out with the others", async () => {
  const ada = await openTab(profile);
  await greet(ada, "ada");
  ada.leave();
  await settle();
  ada.room.join();
  await settle();
  expect(ada.client.room("foo")).toBe(ada.room);
  await ada.client.logout();

  expect(ada.room.getState().status).toBe("signedOut");
});
