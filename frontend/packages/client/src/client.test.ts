// The rooms of one member: where a fresh token comes from, and whose it may be.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { greeting } from "../test/support/doubles";
import { FakeWorld } from "../test/support/fakePlatform";
import { Rooms } from "./client";

const token = (sub: string, jti = "") => `x.${btoa(JSON.stringify({ sub, jti }))}.y`;
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function refused(answer: string | null) {
  const world = new FakeWorld();
  world.askHost = vi.fn(() => Promise.resolve(answer));
  const keep = vi.fn();
  const first = { token: token("ada"), name: null };
  const rooms = new Rooms(first, { protocol: "http:", host: "here" }, world, keep);
  const room = rooms.open("foo");
  room.hold();
  await settle();
  world.browser.newest.accept();
  world.browser.newest.say(JSON.stringify(greeting));
  world.browser.newest.end(4401, "expired");
  await settle();
  world.browser.paint();
  return { world, keep, status: room.view().status };
}

test("A4 the host page's fresh token opens the room again, and is kept", async () => {
  const fresh = token("ada", "2");
  const { world, keep } = await refused(fresh);

  expect(world.askHost).toHaveBeenCalledExactlyOnceWith("refused");
  expect(new URL(world.browser.newest.url).searchParams.get("token")).toBe(fresh);
  expect(keep).toHaveBeenCalledExactlyOnceWith({ token: fresh, name: null });
});

test("A4 a fresh token of another member is not taken: it would send what this one wrote", async () => {
  const { world, keep, status } = await refused(token("eve"));

  expect(world.browser.sockets).toHaveLength(1);
  expect(keep).not.toHaveBeenCalled();
  expect(status).toEqual({ is: "ended", reason: "expired" });
});

test("4401 without a host page the session has ended", async () => {
  expect((await refused(null)).status).toEqual({ is: "ended", reason: "expired" });
});
