// "Live" means that sending works: storage and locks that refuse, hang or belong to a suspended tab hold up nothing.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Room } from "../src/room/room";
import { BoundedStorage, RETRY_MS, STORAGE_MS } from "../src/storage/bounded";
import { MemoryStorage } from "../src/storage/memory";
import type { Storage } from "../src/storage/storage";
import { greeting } from "./support/doubles";
import { FakePlatform, FakeProfile } from "./support/fakePlatform";

const key = { server: "http://here", item: "foo", member: "sub:ada" };
/** Within so long, in ms, what is sent must be on the wire. */
const SOON_MS = 8000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
});

afterEach(() => {
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

function roomIn(platform: FakePlatform): Room {
  const room = new Room({
    item: "foo",
    member: "sub:ada",
    ask: () => ({ token: "key", name: "Ada" }),
    origin: { protocol: "http:", host: "here" },
    platform,
  });
  room.join();
  return room;
}

async function greeted(platform: FakePlatform) {
  for (let waited = 0; platform.browser.sockets.length === 0 && waited < SOON_MS; waited += 100)
    await vi.advanceTimersByTimeAsync(100);
  const socket = platform.browser.newest;
  socket.accept();
  socket.say(JSON.stringify(greeting));
  await settle();
  return socket;
}

function state(platform: FakePlatform, room: Room) {
  platform.browser.paint();
  return room.getState();
}

class Refusing extends MemoryStorage {
  override readonly durable = true;
  fail: () => Promise<never> = () => Promise.reject(new DOMException("no", "SecurityError"));
  failing = true;
  override async drafts(of: typeof key) {
    return this.failing ? this.fail() : super.drafts(of);
  }
  override async putDraft(draft: Parameters<Storage["putDraft"]>[0]) {
    return this.failing ? this.fail() : super.putDraft(draft);
  }
  override async history(of: typeof key) {
    return this.failing ? this.fail() : super.history(of);
  }
}

const hang = () => new Promise<never>(() => undefined);

describe.each([
  ["refuses", (store: Refusing) => store],
  [
    "never answers",
    (store: Refusing) => {
      store.fail = hang;
      return store;
    },
  ],
])("storage that %s", (_how, make) => {
  let store: Refusing;
  let platform: FakePlatform;

  beforeEach(() => {
    store = make(new Refusing());
    platform = new FakePlatform(new FakeProfile(new BoundedStorage(async () => store, Date.now)));
  });

  test("does not keep a message from being sent, and the status says that drafts will not last", async () => {
    const room = roomIn(platform);
    const socket = await greeted(platform);
    room.send("hello");
    await vi.advanceTimersByTimeAsync(SOON_MS);

    expect(socket.sent.some((line) => line.includes("hello"))).toBe(true);
    expect(state(platform, room)).toMatchObject({ status: "live", durable: false });
  });

  test("gets what was written meanwhile once it works again", async () => {
    const room = roomIn(platform);
    await greeted(platform);
    room.send("hello");
    await vi.advanceTimersByTimeAsync(SOON_MS);
    store.failing = false;
    await vi.advanceTimersByTimeAsync(RETRY_MS);
    room.send("again");
    await settle();

    expect((await store.drafts(key)).map(({ command }) => "body" in command && command.body)).toEqual([
      "hello",
      "again",
    ]);
    expect(state(platform, room).durable).toBe(true);
  });
});

test("what another tab has discarded does not come back once storage works again", async () => {
  const store = new Refusing();
  store.failing = false;
  const profile = new FakeProfile(store);
  const [author, other] = [new FakePlatform(profile), new FakePlatform(profile)];
  for (const platform of [author, other])
    platform.storage = new BoundedStorage(async () => store, platform.elapsed);
  const room = roomIn(author);
  const socket = await greeted(author);
  const beside = roomIn(other);
  await greeted(other);
  const { id } = room.send("taken back");
  await settle();
  socket.say(JSON.stringify({ type: "error", code: "invalid", message: "no", id }));
  await settle();
  beside.discard(id);
  await settle();
  store.failing = true;
  room.send("while it failed");
  await vi.advanceTimersByTimeAsync(SOON_MS);
  store.failing = false;
  await vi.advanceTimersByTimeAsync(RETRY_MS);
  room.send("afterwards");
  await settle();

  expect(JSON.stringify(await store.drafts(key))).not.toContain("taken back");
});

test("storage that cannot even be loaded is storage that fails", async () => {
  const storage = new BoundedStorage(() => Promise.reject(new TypeError("the chunk is gone")), Date.now);

  expect(await storage.drafts(key)).toEqual([]);
  expect(storage.durable).toBe(false);
});

test("what storage answers too late is not waited for", async () => {
  const store = new Refusing();
  store.fail = hang;
  const storage = new BoundedStorage(async () => store, Date.now);
  const asked = storage.drafts(key);
  await vi.advanceTimersByTimeAsync(STORAGE_MS);

  expect(await asked).toEqual([]);
});

describe("locks", () => {
  test.each([
    ["are refused", () => Promise.reject(new DOMException("no", "SecurityError"))],
    ["never answer", hang],
  ])("that %s do not keep a message from being sent", async (_how, held) => {
    const platform = new FakePlatform();
    platform.lock = () => ({ held: held(), release: () => undefined });
    const room = roomIn(platform);
    const socket = await greeted(platform);
    room.send("hello");
    await vi.advanceTimersByTimeAsync(SOON_MS);

    expect(socket.sent.some((line) => line.includes("hello"))).toBe(true);
  });

  test("of a suspended tab do not either", async () => {
    const profile = new FakeProfile();
    const suspended = new FakePlatform(profile);
    roomIn(suspended);
    await greeted(suspended);
    profile.suspend(suspended);
    const platform = new FakePlatform(profile);
    const room = roomIn(platform);
    const socket = await greeted(platform);
    room.send("hello");
    await vi.advanceTimersByTimeAsync(SOON_MS);

    expect(socket.sent.some((line) => line.includes("hello"))).toBe(true);
  });

  test("of a tab that is at work are respected, however long it has to wait", async () => {
    const profile = new FakeProfile();
    const first = new FakePlatform(profile);
    roomIn(first);
    const leading = await greeted(first);
    const platform = new FakePlatform(profile);
    const room = roomIn(platform);
    const socket = await greeted(platform);
    room.send("hello");
    for (let n = 0; n < 20; n += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      for (const line of leading.sent.splice(0)) {
        const { id } = JSON.parse(line) as { id?: string };
        if (id !== undefined)
          leading.say(
            JSON.stringify({ type: "error", code: "unavailable", message: "later", id, retry_ms: 1000 }),
          );
        else leading.say('{"type":"pong"}');
      }
    }

    expect(socket.sent.filter((line) => line.includes("hello"))).toEqual([]);
  });
});

describe("nothing typed is lost", () => {
  test("a page that ends in the same moment as Enter has noted the message, and the next one sends it once", async () => {
    const profile = new FakeProfile();
    vi.spyOn(profile.storage, "putDraft").mockImplementation(hang);
    const before = new FakePlatform(profile);
    const room = roomIn(before);
    await greeted(before);
    room.send("just now");
    before.crash();
    vi.restoreAllMocks();

    const platform = new FakePlatform(profile);
    const again = roomIn(platform);
    const socket = await greeted(platform);
    await settle();
    const sent = socket.sent.filter((line) => line.includes("just now"));
    expect(sent).toHaveLength(1);
    const { id } = JSON.parse(sent[0] ?? "") as { id: string };
    socket.say(JSON.stringify({ type: "ack", id, seq: 1, at: 1, duplicate: false }));
    await settle();

    expect(profile.notes.keys("alcove.sending.")).toEqual([]);
    expect(state(platform, again).messages).toHaveLength(1);
  });

  test("what is written after the clock was set back an hour goes out after what was written before", async () => {
    const profile = new FakeProfile();
    const before = new FakePlatform(profile);
    const room = roomIn(before);
    await settle();
    room.send("first");
    await settle();
    before.crash();
    vi.resetModules();
    const { Room: FreshRoom } = await import("../src/room/room");

    const platform = new FakePlatform(profile);
    platform.skew = -3_600_000;
    const again = new FreshRoom({
      item: "foo",
      member: "sub:ada",
      ask: () => ({ token: "key", name: "Ada" }),
      origin: { protocol: "http:", host: "here" },
      platform,
    });
    again.join();
    await settle();
    again.send("second");
    await settle();
    platform.browser.paint();

    const bodies = again.getState().messages.map(({ body }) => body);
    expect(bodies).toEqual(["first", "second"]);
  });

  test("a heartbeat that was due is due also when the clock was set back", async () => {
    const platform = new FakePlatform();
    roomIn(platform);
    const socket = await greeted(platform);
    platform.skew = -7_200_000;
    await vi.advanceTimersByTimeAsync(20_000);

    expect(socket.sent).toContain('{"type":"ping"}');
  });
});
