// Several rooms of one client share the limit on attempts with refused tokens.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientTab, say, settle, token } from "../../test/support/clientTab";
import { type FakeSocket, greeting } from "../../test/support/doubles";

const ROOMS = 50;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A client with `ROOMS` rooms that are joined at once. */
function joined(getToken = () => token("ada")) {
  const tab = new ClientTab();
  const client = tab.open(getToken);
  const rooms = Array.from({ length: ROOMS }, (_, n) => client.room(`foo-${n}`));
  for (const room of rooms) room.join();
  return { client, rooms, sockets: tab.platform.browser.sockets };
}

function refuse(socket: FakeSocket | undefined, code: number, reason: string | null): void {
  socket?.accept();
  socket?.say(JSON.stringify({ type: "error", code: "refused", message: "no", ...(reason && { reason }) }));
  socket?.end(code, "no");
}

test("A3 fifty rooms whose tokens are refused make five attempts a minute together", async () => {
  let tokens = 0;
  const { rooms, sockets } = joined(() => {
    tokens += 1;
    return token("ada", { tokens });
  });
  const made: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    while (made.length < sockets.length) {
      refuse(sockets[made.length], 4401, "wrong_key");
      made.push(Date.now());
    }
    await vi.advanceTimersByTimeAsync(1000);
  }

  expect(made.length).toBeGreaterThanOrEqual(20);
  for (const [index, at] of made.slice(5).entries())
    expect(at - (made[index] ?? 0)).toBeGreaterThanOrEqual(59_000);
  // A room that has not made an attempt knows why, too.
  for (const room of rooms) expect(room.getState().error).toMatchObject({ reason: "wrong_key" });
});

test("A3 the first room that is let in lets all others connect with the same token", async () => {
  const { sockets } = joined();
  await settle();
  expect(sockets).toHaveLength(5);
  sockets[0]?.accept();
  if (sockets[0] !== undefined) say(sockets[0], greeting);
  await settle();
  expect(sockets).toHaveLength(ROOMS);
});

test("A3 rooms that the token has no right to do not keep the others waiting", async () => {
  const { sockets } = joined();
  await settle();
  for (const socket of sockets.slice(0, 5)) refuse(socket, 4403, null);
  await settle();
  expect(sockets).toHaveLength(ROOMS);
});

test("A7 rooms of a revoked token share the limit", async () => {
  const { sockets } = joined();
  await settle();
  for (const socket of sockets.slice(0, 5)) refuse(socket, 4403, "revoked");
  await vi.advanceTimersByTimeAsync(59_000);
  expect(sockets).toHaveLength(5);
});

test("R2 attempts that never reach the server do not count as refused", async () => {
  const { sockets } = joined();
  await settle();
  for (const socket of sockets.slice(0, 5)) socket.end(1006, "");
  await settle();
  expect(sockets).toHaveLength(10);
});
