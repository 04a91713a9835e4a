// What an earlier version of the page kept goes on working, for its author alone.
import "fake-indexeddb/auto";
import { openDB } from "idb";
import { beforeEach, expect, test } from "vitest";
import { IndexedDbStorage } from "./indexedDb";

const SERVER = "http://here";
let databases = 0;
let name: string;

beforeEach(() => {
  databases += 1;
  name = `upgraded-${databases}`;
});

type Version1 = { readonly drafts: readonly object[]; readonly histories: readonly object[] };

/** A browser's database as version 1 left it. */
async function leave({ drafts, histories }: Version1): Promise<void> {
  const database = await openDB(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore("drafts", { keyPath: ["item", "member", "id"] });
      fresh.createObjectStore("histories", { keyPath: ["item", "member"] }).createIndex("at", "at");
    },
  });
  for (const draft of drafts) await database.put("drafts", draft);
  for (const history of histories) await database.put("histories", history);
  database.close();
}

const draft = (member: string, id: string) => ({
  item: "foo",
  member,
  id,
  command: { type: "send", id, body: id },
  at: 1,
  refused: null,
});
const history = (member: string, you: string | null) => ({
  item: "foo",
  member,
  you,
  log: "one",
  oldest: 1,
  entries: [],
  at: 1,
});
const key = (member: string) => ({ server: SERVER, item: "foo", member });

test("drafts and history of a token's member are found again", async () => {
  await leave({ drafts: [draft("sub:ada", "1")], histories: [history("sub:ada", "ada")] });
  const storage = new IndexedDbStorage(name, SERVER);

  expect(await storage.drafts(key("sub:ada"))).toMatchObject([{ id: "1", you: "ada", log: "one" }]);
  expect(await storage.history(key("sub:ada"))).toMatchObject({ log: "one", you: "ada" });
});

test("drafts of a login cookie, whose key everybody had, become those of the member who was there last", async () => {
  await leave({ drafts: [draft("session", "1")], histories: [history("session", "ada")] });
  const storage = new IndexedDbStorage(name, SERVER);

  expect(await storage.drafts(key("sub:ada"))).toMatchObject([{ id: "1", you: "ada" }]);
  expect(await storage.drafts(key("sub:bob"))).toEqual([]);
});

test("drafts of nobody known are sent in nobody's name", async () => {
  await leave({ drafts: [draft("session", "1")], histories: [] });
  const storage = new IndexedDbStorage(name, SERVER);

  for (const member of ["session", "sub:ada"]) expect(await storage.drafts(key(member))).toEqual([]);
});
