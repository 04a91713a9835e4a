// Several rooms of one tab share the limit on attempts with refused tokens.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientTab, token } from "../../test/support/clientTab";

const ROOMS = 12;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
});

afterEach(() => {
  vi.useRealTimers();
});

test("A3 rooms whose tokens are refused make five attempts a minute together, after one of each", async () => {
  const tab = new ClientTab();
  const { sockets } = tab.platform.browser;
  let tokens = 0;
  const client = tab.open(() => {
    tokens += 1;
    return token("ada", { tokens });
  });
  for (let n = 0; n < ROOMS; n += 1) client.room(`foo-${n}`).join();
  const made: number[] = [];
  for (let minute = 0, seen = 0; minute < 5; minute += 1) {
    for (let second = 0; second < 60; second += 1) {
      for (; seen < sockets.length; seen += 1) {
        sockets[seen]?.accept();
        sockets[seen]?.say('{"type":"error","code":"unauthenticated","message":"no","reason":"wrong_key"}');
        sockets[seen]?.end(4401, "no");
      }
      await vi.advanceTimersByTimeAsync(1000);
    }
    made.push(sockets.length - made.reduce((sum, count) => sum + count, 0));
  }

  expect(made[0]).toBeLessThanOrEqual(ROOMS + 5);
  for (const count of made.slice(1)) expect(count).toBeLessThanOrEqual(6);
});
