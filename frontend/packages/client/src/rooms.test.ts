// The rooms of one member: where a fresh token comes from, and whose it may be.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { greeting } from "../test/support/doubles";
import { FakePlatform } from "../test/support/fakePlatform";
import { Rooms } from "./rooms";

const token = (sub: string, jti = "") => `x.${btoa(JSON.stringify({ sub, jti }))}.y`;
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function refused(answer: string | null) {
  const platform = new FakePlatform();
  platform.askHost = vi.fn(() => Promise.resolve(answer));
  const keep = vi.fn();
  const first = { token: token("ada"), name: null };
  const rooms = new Rooms(first, { protocol: "http:", host: "here" }, platform, keep);
  const room = rooms.open("foo");
  room.hold();
  await settle();
  platform.browser.newest.accept();
  platform.browser.newest.say(JSON.stringify(greeting));
  platform.browser.newest.end(4401, "expired");
  await settle();
  platform.browser.paint();
  return { platform, keep, status: room.view().status };
}

test("A4 the host page's fresh token opens the room again, and is kept", async () => {
  const fresh = token("ada", "2");
  const { platform, keep } = await refused(fresh);

  expect(platform.askHost).toHaveBeenCalledExactlyOnceWith("refused");
  expect(new URL(platform.browser.newest.url).searchParams.get("token")).toBe(fresh);
  expect(keep).toHaveBeenCalledExactlyOnceWith({ token: fresh, name: null });
});

test("A4 a fresh token of another member is not taken: it would send what this one wrote", async () => {
  const { platform, keep, status } = await refused(token("eve"));

  expect(platform.browser.sockets).toHaveLength(1);
  expect(keep).not.toHaveBeenCalled();
  expect(status).toEqual({ is: "ended", reason: "expired" });
});

test("4401 without a host page the session has ended", async () => {
  expect((await refused(null)).status).toEqual({ is: "ended", reason: "expired" });
});
