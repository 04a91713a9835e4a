// What ends: a login, a room that nobody has joined, and a token that another one replaces.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GetToken } from "../src/auth/tokenSource";
import { draftNote } from "../src/storage/forget";
import { FakeProfile } from "./support/fakePlatform";
import { greet, message, messages, openTab, say, server, settle, signed, type Tab } from "./support/roomTab";

let profile: FakeProfile;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
  profile = new FakeProfile();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("signing out", () => {
  test("removes drafts, conversation and what was half written, in every tab, and stops the rooms", async () => {
    const here = await openTab(profile, () => signed("ada"));
    const there = await openTab(profile, () => signed("ada"));
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

  test("tells the other tabs also where the server ends this tab's connection before it answers", async () => {
    const here = await openTab(profile, () => signed("ada"));
    const there = await openTab(profile, () => signed("ada"));
    const left: string[] = [];
    here.client.on("signedOut", () => left.push("here"));
    there.client.on("signedOut", () => left.push("there"));
    const socket = await greet(here, "ada");
    await greet(there, "ada");
    here.platform.fetch = async () => {
      say(socket, { type: "error", code: "unauthenticated", message: "ended", reason: "signed_out" });
      socket.end(4401, "ended");
      await vi.advanceTimersByTimeAsync(100);
      return new Response(null, { status: 204 });
    };
    await here.client.logout();
    await settle();

    expect(left.sort()).toEqual(["here", "there"]);
  });

  test("elsewhere is noticed by the server's word, without a channel between tabs", async () => {
    const ada = await openTab(profile, () => signed("ada"));
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

  test("does not wait for a server that takes the request and never answers", async () => {
    const ada = await openTab(profile, () => signed("ada"));
    await greet(ada, "ada");
    ada.room.send("unsent");
    await settle();
    ada.platform.fetch = () => new Promise(() => undefined);
    void ada.client.logout();
    await vi.advanceTimersByTimeAsync(10_000);

    expect(ada.room.getState().status).toBe("signedOut");
    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:ada" })).toEqual([]);
  });

  test("leaves another member's drafts alone", async () => {
    const bob = await openTab(profile, () => signed("bob"));
    bob.room.send("bob's");
    await settle();
    const ada = await openTab(profile, () => signed("ada"));
    await ada.client.logout();

    expect(await profile.storage.drafts({ server, item: "foo", member: "sub:bob" })).toHaveLength(1);
  });
});

describe("disposal", () => {
  test("a room that nobody has joined is forgotten, with its channel", async () => {
    const ada = await openTab(profile, () => signed("ada"));
    expect(profile.channels).toBe(2); // the room's, and the one on which sign-outs are announced
    ada.leave();
    await settle();

    expect(profile.channels).toBe(1);
    expect(ada.client.room("foo")).not.toBe(ada.room);
  });

  test("an unsent message outlives its room object where nothing can be stored", async () => {
    const ada = await openTab(profile, () => signed("ada"));
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
  const ada = await openTab(profile, () => {
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
    const ada = await openTab(profile, getToken);
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
