// What is written arrives, from whichever tab and after whatever happened to the page.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePlatform, FakeProfile } from "../../test/support/fakePlatform";
import { CommandError } from "../connection/pending";
import { uuidv7 } from "../lib/uuid";
import type { Ack, Delete, Edit, Send } from "../protocol/wire.gen";
import { IndexedDbStorage } from "../storage/indexedDb";
import { Outbox } from "./outbox";
import type { Transmitter } from "./sender";

const key = { server: "http://here", item: "foo", member: "ada" };
const greeted = { you: "ada", log: "one", before: null, bodyBytes: 1000 };
let profile: FakeProfile;
let sent: string[];
let databases = 0;

vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => {
  databases += 1;
  profile = new FakeProfile(new IndexedDbStorage(`alcove-${databases}`));
  sent = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], now: 1795366775187 });
});

afterEach(() => {
  vi.useRealTimers();
});

function tab() {
  const platform = new FakePlatform(profile);
  const outbox = new Outbox(key, platform, () => undefined);
  outbox.attach();
  return { platform, outbox };
}

function write(outbox: Outbox, body: string): string {
  const id = uuidv7();
  outbox.add({ type: "send", id, body }, null);
  return id;
}

type Waiting = { readonly resolve: (ack: Ack) => void; readonly reject: (error: CommandError) => void };

/** The server's answers, by the id of the command. */
const waiting = new Map<string, Waiting>();

function transmitterOf(note: (command: Send | Edit | Delete) => void): Transmitter {
  const transmit: Transmitter["transmit"] = (command) => {
    note(command);
    return new Promise((resolve, reject) => waiting.set(command.id, { resolve, reject }));
  };
  return { transmit };
}

const carry = transmitterOf((command) =>
  sent.push(command.type === "delete" ? "delete" : String(command.body)),
);

/** The server refuses a command; resolves when the outbox has learned of it. */
async function refuse(
  id: string,
  code: string,
  message: string,
  retryMs: number | null = null,
): Promise<void> {
  waiting.get(id)?.reject(new CommandError(code, message, retryMs));
  await Promise.resolve();
}

const states = (outbox: Outbox) => outbox.drafts.map(({ progress }) => progress.is);
/** Polls until the storage's work, which goes over the real event loop, has led there. */
const until = (there: () => void) => vi.waitFor(there, { timeout: 30_000, interval: 1 });

test("drafts written offline survive the page, and go out in order, one at a time", async () => {
  const before = tab();
  write(before.outbox, "one");
  write(before.outbox, "two");
  await until(async () => expect(await profile.storage.drafts(key)).toHaveLength(2));
  before.platform.crash();
  const { outbox } = tab();
  await outbox.load();
  expect(states(outbox)).toEqual(["waiting", "waiting"]);
  outbox.open(carry, greeted);
  await until(() => expect(sent).toEqual(["one"]));
  outbox.acked(outbox.drafts[0]?.id ?? "", 1);

  await until(() => expect(sent).toEqual(["one", "two"]));
});

test("S5 what was in flight at a cut is sent again, under the same id", async () => {
  const { outbox } = tab();
  const id = write(outbox, "one");
  const ids: string[] = [];
  const note = transmitterOf((command) => ids.push(command.id));
  outbox.open(note, greeted);
  await until(() => expect(ids).toEqual([id]));
  outbox.close();
  outbox.open(note, greeted);

  await until(() => expect(ids).toEqual([id, id]));
});

test("an acknowledged draft stays in sight until its entry is there", async () => {
  const { outbox } = tab();
  const id = write(outbox, "one");
  outbox.open(carry, greeted);
  await until(() => expect(sent).toEqual(["one"]));
  outbox.acked(id, 7);
  expect(states(outbox)).toEqual(["sent"]);
  await until(async () => expect(await profile.storage.drafts(key)).toEqual([]));
  outbox.seen(id, 7);

  expect(outbox.drafts).toEqual([]);
});

test("S6 a refused draft stays with its reason, does not hold up the next, and can be mended or discarded", async () => {
  const { outbox } = tab();
  const id = write(outbox, "bad");
  write(outbox, "good");
  outbox.open(carry, greeted);
  await until(() => expect(sent).toEqual(["bad"]));
  await refuse(id, "too_large", "a body may have 5 bytes");
  await until(() => expect(sent).toEqual(["bad", "good"]));
  outbox.acked(outbox.drafts[1]?.id ?? "", 1);
  expect(outbox.drafts[0]?.progress).toEqual({
    is: "refused",
    code: "too_large",
    message: "a body may have 5 bytes",
  });
  const reloaded = tab().outbox;
  await until(async () => {
    await reloaded.load();
    expect(states(reloaded)).toEqual(["refused"]);
  });
  outbox.retry(id, "ok");
  await until(() => expect(sent).toEqual(["bad", "good", "ok"]));
  await refuse(id, "invalid", "no");
  outbox.discard(id);

  await until(async () => expect(await profile.storage.drafts(key)).toEqual([]));
});

test("S6 a refusal that comes while storage is read is not undone by what was read", async () => {
  const { outbox } = tab();
  const id = write(outbox, "bad");
  outbox.open(carry, greeted);
  await until(() => expect(sent).toEqual(["bad"]));
  const loading = outbox.load();
  await refuse(id, "too_large", "no");
  await loading;

  expect(states(outbox)).toEqual(["refused"]);
  expect(sent).toEqual(["bad"]);
});

test.each([
  ["S6", { code: "rate_limited", retry_ms: 500 }, 500],
  ["S7", { code: "unavailable", retry_ms: 1000 }, 1000],
  ["S7", { code: "unavailable" }, 1000],
])("%s %o: the draft and all behind it wait, then go on in order", async (_rule, refusal, wait) => {
  const { outbox } = tab();
  const id = write(outbox, "one");
  write(outbox, "two");
  outbox.open(carry, greeted);
  await until(() => expect(sent).toEqual(["one"]));
  await refuse(id, refusal.code, "later", "retry_ms" in refusal ? refusal.retry_ms : null);
  vi.advanceTimersByTime(wait - 1);
  expect(sent).toEqual(["one"]);
  vi.advanceTimersByTime(1);

  expect(sent).toEqual(["one", "one"]);
  expect(states(outbox)).toEqual(["waiting", "waiting"]);
});

test("two tabs share an outbox, and one of them sends", async () => {
  const first = tab();
  const second = tab();
  first.outbox.open(carry, greeted);
  second.outbox.open(carry, greeted);
  const id = write(second.outbox, "from the second");
  await until(() => expect(sent).toEqual(["from the second"]));
  first.outbox.acked(id, 1);
  expect(states(second.outbox)).toEqual(["sent"]);
  first.platform.crash();
  // A page that is gone runs no more code, so what it still reads leads to nothing.
  first.outbox.close();
  write(second.outbox, "on its own now");

  await until(() => expect(sent).toEqual(["from the second", "on its own now"]));
});

test("what a tab wrote with its last breath is found by the one that sends", async () => {
  const { outbox } = tab();
  outbox.open(carry, greeted);
  await until(() => expect(vi.getTimerCount()).toBe(1));
  const id = uuidv7();
  await profile.storage.putDraft({
    ...key,
    id,
    command: { type: "send", id, body: "last" },
    at: 0,
    you: "ada",
    log: null,
    refused: null,
  });
  vi.advanceTimersByTime(15_000);

  await until(() => expect(sent).toEqual(["last"]));
});

test("a storage that fails does not keep from sending", async () => {
  const { outbox } = tab();
  vi.spyOn(profile.storage, "putDraft").mockRejectedValue(new DOMException("full", "QuotaExceededError"));
  outbox.open(carry, greeted);
  write(outbox, "unshelved");

  await until(() => expect(sent).toEqual(["unshelved"]));
});

test("a delete that can be taken back is sent after its time, also by a later visit, and holds up nothing", async () => {
  const { outbox } = tab();
  outbox.add({ type: "delete", id: "d", target: 1 }, "one", undefined, 5000);
  outbox.open(carry, greeted);
  const id = write(outbox, "meanwhile");
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(outbox.count).toBe(1);
  waiting.get(id)?.resolve({ type: "ack", id, seq: 2, at: 1, duplicate: false });
  await vi.advanceTimersByTimeAsync(1000);
  outbox.close();
  outbox.detach();

  const later = tab();
  await later.outbox.load();
  later.outbox.open(carry, greeted);
  await vi.advanceTimersByTimeAsync(100);
  expect(waiting.has("d")).toBe(false);
  later.platform.skew = 6000;
  await vi.advanceTimersByTimeAsync(5000);
  await vi.waitFor(() => expect(waiting.has("d")).toBe(true));
});
