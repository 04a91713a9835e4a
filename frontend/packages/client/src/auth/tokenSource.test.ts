// Where tokens come from, and when another one is requested.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientTab, NOW, settle, token } from "../../test/support/clientTab";

let tab: ClientTab;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW });
  tab = new ClientTab();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("tokens", () => {
  test("one request serves all rooms, and the token is used until the server refuses it", async () => {
    const reasons: string[] = [];
    const client = tab.open(async ({ reason }) => {
      reasons.push(reason);
      return token("ada");
    });
    client.room("foo").join();
    client.room("bar").join();
    await settle();
    expect(tab.platform.browser.sockets).toHaveLength(2);
    expect(reasons).toEqual(["connect"]);
    const [socket] = tab.platform.browser.sockets;
    socket?.accept();
    socket?.end(4401, "expired");
    await settle();

    expect(reasons).toEqual(["connect", "refused"]);
  });

  test("a token that has expired meanwhile is replaced before the next attempt", async () => {
    const getToken = vi.fn(() => token("ada", { exp: NOW / 1000 + 5 }));
    const { socket } = await tab.joined(getToken);
    await vi.advanceTimersByTimeAsync(10_000);
    const asked = getToken.mock.calls.length;
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(20_000);

    expect(getToken.mock.calls.length).toBeGreaterThan(asked);
  });

  test("a clock that is ahead does not make a token expire: the server tells", async () => {
    tab.platform.skew = 2 * 3_600_000;
    const getToken = vi.fn(() => token("ada", { exp: NOW / 1000 + 40 }));
    const { socket } = await tab.joined(getToken);
    socket.end(1006);
    await vi.advanceTimersByTimeAsync(5000);

    expect(tab.platform.browser.sockets).toHaveLength(2);
    expect(getToken).toHaveBeenCalledTimes(1);
  });

  test("a token that HTTP refuses is replaced without a room, too, whatever the browser's clock says", async () => {
    tab.platform.skew = -2 * 3_600_000;
    let version = 1;
    const client = tab.open(() => token("ada", { exp: NOW / 1000 + 3600, version }));
    tab.platform.fetch = async (_url, init) =>
      new Headers(init?.headers).get("authorization") ===
      `Bearer ${token("ada", { exp: NOW / 1000 + 3600, version: 2 })}`
        ? Response.json({ items: [] })
        : Response.json({ code: "unauthenticated", detail: "no", reason: "expired" }, { status: 401 });
    await expect(client.rooms.search("foo")).rejects.toMatchObject({ reason: "expired" });
    version = 2;
    await vi.advanceTimersByTimeAsync(25_000);

    expect(await client.rooms.search("foo")).toEqual([]);
  });

  test("a token that one room has replaced is not requested again by another one", async () => {
    const reasons: string[] = [];
    const client = tab.open(({ reason }) => {
      reasons.push(reason);
      return token("ada", { jti: reasons.length });
    });
    client.room("foo").join();
    client.room("bar").join();
    await settle();
    for (const socket of tab.platform.browser.sockets.slice(0, 2)) {
      socket.accept();
      socket.end(4401, "expired");
      await settle();
    }

    expect(reasons).toEqual(["connect", "refused"]);
    expect(tab.platform.browser.live).toBe(2);
  });

  test("null means signed out: nothing is tried until something changes", async () => {
    let current: string | null = null;
    const client = tab.open(() => current);
    const room = client.room("foo");
    room.join();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(room.getState().status).toBe("signedOut");
    expect(tab.platform.browser.sockets).toHaveLength(0);
    current = token("ada");
    client.refresh();
    await settle();

    await tab.greet(room);
  });

  test("a provider that rejects is asked again, and the state says why", async () => {
    let fails = true;
    const client = tab.open(async () => {
      if (fails) throw new Error("no network");
      return token("ada");
    });
    const room = client.room("foo");
    room.join();
    await settle();
    expect(room.getState()).toMatchObject({
      status: "awaitingToken",
      error: { closeCode: null, reason: "token_unavailable", message: "no network" },
    });
    fails = false;
    await vi.advanceTimersByTimeAsync(2000);

    await tab.greet(room);
  });

  test("a request is aborted when the client is closed", async () => {
    const signals: AbortSignal[] = [];
    const client = tab.open(({ signal }) => {
      signals.push(signal);
      return new Promise<string>(() => undefined);
    });
    client.room("foo").join();
    await settle();
    client.close();
    await settle();

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
