// What every storage must do, whichever one it is.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test } from "vitest";
import { BoundedStorage } from "./bounded";
import { IndexedDbStorage } from "./indexedDb";
import { MemoryStorage } from "./memory";
import { type KeptDraft, type KeptHistory, ROOMS_KEPT, type RoomKey, type Storage } from "./storage";

const SERVER = "http://here";
const ada: RoomKey = { server: SERVER, item: "foo", member: "sub:ada" };
let databases = 0;

/** A storage of each kind, empty; `reopened` is what a page finds that is opened afterwards. */
const kinds: Record<string, () => { storage: Storage; reopened: () => Storage }> = {
  memory: () => {
    const storage = new MemoryStorage();
    return { storage, reopened: () => storage };
  },
  IndexedDB: () => {
    const name = `contract-${databases}`;
    return { storage: new IndexedDbStorage(name), reopened: () => new IndexedDbStorage(name) };
  },
  "IndexedDB with a time limit": () => {
    const name = `contract-${databases}`;
    const open = () =>
      new BoundedStorage(
        async () => new IndexedDbStorage(name),
        () => performance.now(),
      );
    return { storage: open(), reopened: open };
  },
};

function draft(key: RoomKey, id: string, more: Partial<KeptDraft> = {}): KeptDraft {
  const command = { type: "send", id, body: { text: id } } as const;
  return { ...key, id, command, at: 1, you: null, log: null, refused: null, ...more };
}

function history(key: RoomKey, at: number): KeptHistory {
  return { ...key, log: "one", oldest: 1, entries: [], you: "ada", at };
}

describe.each(Object.keys(kinds))("%s", (kind) => {
  let storage: Storage;
  let reopened: () => Storage;

  beforeEach(() => {
    databases += 1;
    const made = kinds[kind]?.();
    if (made === undefined) throw new Error(`there is no storage "${kind}"`);
    ({ storage, reopened } = made);
  });

  test("returns a room's drafts in the order of their ids", async () => {
    for (const id of ["2", "1", "3"]) await storage.putDraft(draft(ada, id));

    expect((await reopened().drafts(ada)).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  });

  test("returns a draft as it was put, and replaces one of the same id", async () => {
    await storage.putDraft(draft(ada, "1"));
    const refused = draft(ada, "1", {
      refused: { code: "too_large", message: "no" },
      you: "ada",
      log: "one",
    });
    await storage.putDraft(refused);

    expect(await storage.drafts(ada)).toEqual([refused]);
  });

  test("removes one draft, and nothing where there is none", async () => {
    for (const id of ["1", "2"]) await storage.putDraft(draft(ada, id));
    await storage.removeDraft(ada, "1");
    await storage.removeDraft(ada, "9");

    expect((await storage.drafts(ada)).map(({ id }) => id)).toEqual(["2"]);
  });

  test.each<[string, Partial<RoomKey>]>([
    ["server", { server: "http://there" }],
    ["item", { item: "foo2" }],
    ["member", { member: "sub:adam" }],
  ])("keeps what belongs to another %s apart", async (_what, other) => {
    await storage.putDraft(draft(ada, "1"));
    await storage.putHistory(history(ada, 1));

    expect(await storage.drafts({ ...ada, ...other })).toEqual([]);
    expect(await storage.history({ ...ada, ...other })).toBeUndefined();
  });

  test("returns the history that was put last", async () => {
    expect(await storage.history(ada)).toBeUndefined();
    await storage.putHistory(history(ada, 1));
    await storage.putHistory(history(ada, 2));

    expect(await reopened().history(ada)).toEqual(history(ada, 2));
  });

  test("keeps the histories of the rooms seen last, and no more", async () => {
    for (let at = 0; at < ROOMS_KEPT + 2; at += 1)
      await storage.putHistory(history({ ...ada, item: `item-${at}` }, at));

    expect(await storage.history({ ...ada, item: "item-1" })).toBeUndefined();
    expect(await storage.history({ ...ada, item: "item-2" })).toBeDefined();
  });

  test("forgets a member in all rooms, and nobody else", async () => {
    const adam = { ...ada, member: "sub:adam" };
    for (const key of [ada, adam, { ...ada, item: "bar" }]) {
      await storage.putDraft(draft(key, "1"));
      await storage.putHistory(history(key, 1));
    }
    await storage.forget(ada, { drafts: true });

    for (const item of ["foo", "bar"]) {
      expect(await storage.drafts({ ...ada, item })).toEqual([]);
      expect(await storage.history({ ...ada, item })).toBeUndefined();
    }
    expect(await storage.drafts(adam)).toHaveLength(1);
    expect(await storage.history(adam)).toBeDefined();
  });

  test("forgets what a member has read, and keeps the drafts, where that is wanted", async () => {
    await storage.putDraft(draft(ada, "1"));
    await storage.putHistory(history(ada, 1));
    await storage.forget(ada, { drafts: false });

    expect(await storage.drafts(ada)).toHaveLength(1);
    expect(await storage.history(ada)).toBeUndefined();
  });
});
