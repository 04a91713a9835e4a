// The public API: what an application sees of a room, and what joining, leaving and closing do.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientTab, message, NOW, say, settle, token } from "../test/support/clientTab";
import { FakePlatform } from "../test/support/fakePlatform";
import { createClient } from "./client";

let tab: ClientTab;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW });
  tab = new ClientTab();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("state", () => {
  test("before the join it is idle and empty", () => {
    expect(tab.open().room("foo").getState()).toMatchObject({
      status: "idle",
      error: null,
      retryAt: null,
      me: null,
      messages: [],
      members: [],
      memberCount: 0,
    });
  });

  test("B1 a room is under the base path of the server", async () => {
    const { socket } = await tab.joined();

    expect(socket.url).toMatch(/^ws:\/\/here\/chat\/items\/foo\/ws\?token=/);
  });

  test("a message is in the state as its author wrote it", async () => {
    const { room, socket } = await tab.joined();
    say(socket, message(1));

    expect(room.getState().messages).toEqual([
      {
        seq: 1,
        kind: "message",
        id: "id-1",
        author: { id: "bob", name: "Bob" },
        at: 1,
        body: "m1",
        editedAt: null,
        deletedAt: null,
        delivery: "sent",
        error: null,
        failedChange: null,
      },
    ]);
  });

  test("what does not change keeps its identity", async () => {
    const { room, socket } = await tab.joined();
    say(socket, message(1));
    const before = room.getState();
    say(socket, { type: "typing", by: { id: "bob", name: "Bob" } });
    const typing = room.getState();
    say(socket, message(2));
    const after = room.getState();

    expect(typing).not.toBe(before);
    expect(typing.messages).toBe(before.messages);
    expect(typing.members).toBe(before.members);
    expect(typing.reads).toBe(before.reads);
    expect(typing.history).toBe(before.history);
    expect(after.messages).not.toBe(before.messages);
    expect(after.messages[0]).toBe(before.messages[0]);
    expect(after.members).toBe(before.members);
    expect(room.getState()).toBe(after);
  });

  test("subscribers are told once a frame, and not after they have left", async () => {
    const { room, socket } = await tab.joined();
    tab.platform.browser.paint();
    const listener = vi.fn();
    const unsubscribe = room.subscribe(listener);
    say(socket, message(1));
    say(socket, message(2));
    expect(listener).not.toHaveBeenCalled();
    tab.platform.browser.paint();
    expect(listener).toHaveBeenCalledTimes(1);
    unsubscribe();
    say(socket, message(3));
    tab.platform.browser.paint();

    expect(listener).toHaveBeenCalledTimes(1);
  });

  test("a pending edit and a pending delete are applied", async () => {
    const { room, socket } = await tab.joined(undefined, { head: 2 });
    const by = { id: "ada", name: "Ada" };
    say(socket, message(1, { by }));
    say(socket, message(2, { by }));
    room.edit(1, "new");
    room.delete(2);

    expect(room.getState().messages).toMatchObject([
      { seq: 1, body: "new", editedAt: NOW, delivery: "queued" },
      { seq: 2, body: null, deletedAt: NOW, delivery: "queued" },
    ]);
  });

  test("a refused connection says why, and when it is tried again", async () => {
    const { room, socket } = await tab.joined();
    socket.end(1006);
    const { status, error, retryAt } = room.getState();

    expect({ status, error }).toEqual({
      status: "reconnecting",
      error: { closeCode: 1006, reason: null, message: "" },
    });
    expect(retryAt).toBeGreaterThan(NOW);
  });
});

describe("joining and leaving", () => {
  test("joins are counted, and a leave counts once", async () => {
    const { room, leave } = await tab.joined();
    const second = room.join();
    leave();
    leave();
    await settle();
    expect(tab.platform.browser.live).toBe(1);
    second();
    await settle();

    expect(tab.platform.browser.live).toBe(0);
  });

  test("an item without a valid id is refused at once", () => {
    expect(() => tab.open().room("..")).toThrow(TypeError);
  });

  test("signing out in one tab forgets everything in all of them", async () => {
    const { client, room } = await tab.joined();
    const elsewhere = new FakePlatform(tab.profile);
    const other = createClient({
      url: "http://here/chat",
      getToken: () => token("ada"),
      platform: elsewhere,
    });
    const signedOut = vi.fn();
    other.on("signedOut", signedOut);
    other.room("foo").join();
    await settle();
    room.saveDraft("half");
    await client.logout();
    await settle();

    expect(signedOut).toHaveBeenCalledTimes(1);
    expect(room.getState()).toMatchObject({ status: "signedOut", messages: [], me: null });
    expect(other.room("foo").getState().status).toBe("signedOut");
    expect(tab.profile.notes.keys("")).toEqual([]);
  });

  test("close() leaves no timer, listener, channel, lock or socket", async () => {
    const { client, room, socket } = await tab.joined(() => token("ada", { exp: NOW / 1000 + 3600 }), {
      expires: NOW + 3_600_000,
    });
    client.room("bar").join();
    client.rooms.subscribe(() => undefined);
    client.rooms.watchUnread(["baz"]);
    await settle();
    say(socket, message(1));
    say(socket, { type: "typing", by: { id: "bob", name: "Bob" } });
    room.send("on its way");
    room.startTyping();
    room.markRead(1);
    await settle();
    client.close();
    await settle();

    expect(vi.getTimerCount()).toBe(0);
    expect(tab.platform.listeners).toBe(0);
    expect(tab.profile.channels).toBe(0);
    expect(tab.profile.locks).toBe(0);
    expect(tab.platform.browser.live).toBe(0);
    expect(tab.platform.events.filter(({ readyState }) => readyState !== 2)).toEqual([]);
  });

  test("what is unsent at close() goes out with the next client", async () => {
    const { client, room, socket } = await tab.joined();
    socket.end(1006);
    const { id, delivered } = room.send("later");
    const closed = expect(delivered).rejects.toMatchObject({ code: "closed" });
    await settle();
    client.close();
    await closed;
    const next = await tab.joined();
    await settle();

    expect(next.socket.sent.map((line) => JSON.parse(line))).toEqual([{ type: "send", id, body: "later" }]);
  });
});
