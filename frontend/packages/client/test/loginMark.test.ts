// A login cookie that another member's has replaced: what the earlier member left is not on screen until the greeting.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeProfile } from "./support/fakePlatform";
import { items, snapshot, room as summary, type Tab } from "./support/listTab";
import { greet, message, messages, openTab, say, settle } from "./support/roomTab";

const MARK = "alcove_member";
let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A browser that Ada has signed in on, with one message in its history, a message not sent and a half-written one. */
async function leftByAda(): Promise<void> {
  const ada = await openTab(profile);
  say(await greet(ada, "ada", { head: 1 }), message(1, "ada"));
  ada.room.saveDraft("half written");
  await settle();
  ada.leave();
  await settle();
  ada.room.send("not sent");
  await settle();
  ada.client.close();
}

test.each([
  ["with the mark of her login", "of ada"],
  ["where the host application sets the cookie, without a mark", null],
])("a reload shows a member's own history before the greeting, %s", async (_how, mark) => {
  if (mark !== null) profile.cookies.set(MARK, mark);
  await leftByAda();
  const again = await openTab(profile);

  expect(messages(again).map(({ body }) => body)).toEqual(["m1", "not sent"]);
  expect(again.room.loadDraft()).toBe("half written");
});

test("another member's login shows nothing of the earlier one, before the greeting and after it", async () => {
  profile.cookies.set(MARK, "of ada");
  await leftByAda();
  profile.cookies.set(MARK, "of bob");
  const bob = await openTab(profile);
  expect(messages(bob)).toEqual([]);
  expect(bob.room.loadDraft()).toBe("");
  await greet(bob, "bob");
  expect(messages(bob)).toEqual([]);
  expect(bob.room.loadDraft()).toBe("");
  bob.client.close();

  // Her history is gone, and what she wrote is hers when she returns.
  profile.cookies.set(MARK, "of ada");
  const ada = await openTab(profile);
  await greet(ada, "ada");
  expect(messages(ada).map(({ body }) => body)).toEqual(["not sent"]);
  expect(ada.room.loadDraft()).toBe("half written");
});

test("a sign-out before the greeting removes the history that an earlier member left", async () => {
  profile.cookies.set(MARK, "of ada");
  await leftByAda();
  profile.cookies.set(MARK, "of bob");
  const bob = await openTab(profile);
  await bob.client.logout();
  profile.cookies.delete(MARK);
  const next = await openTab(profile);

  expect(messages(next)).toEqual([]);
});

test("an old tab of another login does not hand its list of rooms on", async () => {
  profile.cookies.set(MARK, "of ada");
  const ada = await openTab(profile);
  ada.client.rooms.subscribe(() => undefined);
  await greet(ada, "ada");
  await settle();
  await snapshot(ada as unknown as Tab, summary("ada's"));
  profile.cookies.set(MARK, "of bob");
  const bob = await openTab(profile);
  bob.leave();
  bob.client.rooms.subscribe(() => undefined);
  await settle();

  expect(items(bob as unknown as Tab)).toEqual([]);
  expect(bob.platform.events).toHaveLength(1);
});

test("tabs of one login share the list, also where they do not know whose it is", async () => {
  profile.cookies.set(MARK, "of ada");
  const tabs = [await openTab(profile), await openTab(profile)];
  for (const { client, leave } of tabs) {
    leave();
    client.rooms.subscribe(() => undefined);
    await settle();
  }

  expect(tabs.map(({ platform }) => platform.events.length)).toEqual([1, 0]);
});
