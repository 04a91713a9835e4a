// Seeded storms in one browser of several members: logins change, logs are replaced, tabs stop, storage fails, clocks
// are wrong, and hosts give bad tokens. Nobody speaks as another, nothing is lost, and every state becomes the log.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GetToken } from "../src/auth/tokenSource";
import { createClient } from "../src/client";
import type { Entry } from "../src/protocol/wire.gen";
import { messageOf } from "../src/room/messages";
import type { Room } from "../src/room/room";
import type { Message } from "../src/room/state";
import { BoundedStorage } from "../src/storage/bounded";
import { MemoryStorage } from "../src/storage/memory";
import { FakePlatform, FakeProfile } from "./support/fakePlatform";
import { ModelServer, type PipedSocket } from "./support/modelServer";
import { randomFrom } from "./support/randomFrom";

const SEEDS = Array.from({ length: 25 }, (_, i) => 31 + i * 7919);
const STEPS = 300;
const HOUR_MS = 3_600_000;
const MEMBERS = ["ada", "bob", "cara"] as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: 1795366775187 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A browser's storage, which may refuse or fall silent. */
class FlakyStorage extends MemoryStorage {
  override readonly durable = true;
  mood: "well" | "refuses" | "silent" = "well";

  #answer<T>(work: () => Promise<T>): Promise<T> {
    if (this.mood === "refuses") return Promise.reject(new DOMException("no", "SecurityError"));
    return this.mood === "silent" ? new Promise<never>(() => undefined) : work();
  }

  override drafts(...of: Parameters<MemoryStorage["drafts"]>) {
    return this.#answer(() => super.drafts(...of));
  }
  override putDraft(...of: Parameters<MemoryStorage["putDraft"]>) {
    return this.#answer(() => super.putDraft(...of));
  }
  override removeDraft(...of: Parameters<MemoryStorage["removeDraft"]>) {
    return this.#answer(() => super.removeDraft(...of));
  }
  override history(...of: Parameters<MemoryStorage["history"]>) {
    return this.#answer(() => super.history(...of));
  }
  override putHistory(...of: Parameters<MemoryStorage["putHistory"]>) {
    return this.#answer(() => super.putHistory(...of));
  }
}

type Tab = {
  platform: FakePlatform;
  room: Room;
  /** The token of its page; null: the login cookie counts. */
  token: string | null;
  suspended: boolean;
  attempts: number[];
};

function signed(sub: string, more = ""): string {
  return `x.${btoa(JSON.stringify({ sub, more }))}.y`;
}

/** A refused change of a message that was deleted meanwhile stays with it. */
function withoutDelivery({ delivery: _, error: __, failedChange: ___, ...message }: Message): object {
  return message;
}

class Storm {
  readonly server = new ModelServer();
  readonly store = new FlakyStorage();
  readonly written = new Map<string, string>();
  readonly random: () => number;
  readonly tabs: Tab[];
  /** Whose the login cookie is. */
  login: string = "ada";
  /** Whether the host's key is the server's. */
  goodKey = true;
  #logs = 1;
  #tokens = 0;
  readonly #profile = new FakeProfile(this.store);

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.tabs = [null, null, signed("bob")].map((token) => this.#open(token));
  }

  #open(token: string | null): Tab {
    const platform = new FakePlatform(this.#profile);
    platform.random = this.random;
    platform.storage = new BoundedStorage(async () => this.store, platform.elapsed);
    const tab: Partial<Tab> = { platform, token, suspended: false, attempts: [] };
    platform.openSocket = (url) => {
      const { searchParams } = new URL(url);
      const given = searchParams.get("token");
      const you = given === null ? this.login : (JSON.parse(atob(given.split(".")[1] ?? "")).sub as string);
      const socket = this.server.openSocket(`${url}&name=${you}`);
      if (given !== null) this.#checked.set(socket, { tab: tab as Tab, good: this.goodKey });
      platform.ends.push(() => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      });
      return socket;
    };
    platform.fetch = async (url) => {
      if (!this.server.up) throw new TypeError("no network");
      const query = new URL(url).searchParams;
      return Response.json(this.server.page(Number(query.get("before")), Number(query.get("limit"))));
    };
    const getToken: GetToken = ({ reason }) => {
      if (reason === "connect") return token;
      this.#tokens += 1;
      return signed("bob", String(this.#tokens));
    };
    const client = createClient({ url: "http://here", platform, ...(token !== null && { getToken }) });
    tab.room = client.room("foo");
    tab.room.join();
    return tab as Tab;
  }

  readonly #checked = new Map<PipedSocket, { tab: Tab; good: boolean }>();

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  get live(): PipedSocket[] {
    return this.server.sockets.filter((socket) => !socket.over);
  }

  async step(): Promise<void> {
    const at = this.below(this.tabs.length);
    const tab = this.tabs[at];
    const socket = this.live[this.below(this.live.length)];
    if (tab === undefined) throw new Error("no tab");
    const dice = this.random();
    if (dice < 0.12) this.#write(tab);
    else if (dice < 0.18) this.#change(tab);
    else if (dice < 0.5) this.#move(socket);
    else if (dice < 0.54) socket?.cut();
    else if (dice < 0.56) this.login = MEMBERS[this.below(MEMBERS.length)] ?? "ada";
    else if (dice < 0.57) this.#replaceLog();
    else if (dice < 0.59) this.#suspend(tab, !tab.suspended);
    else if (dice < 0.62) this.store.mood = (["well", "refuses", "silent"] as const)[this.below(3)] ?? "well";
    else if (dice < 0.64) tab.platform.skew = (this.below(7) - 3) * HOUR_MS;
    else if (dice < 0.66) this.goodKey = !this.goodKey;
    else if (dice < 0.68) this.#reload(at);
    else if (dice < 0.7) tab.platform.dispatch(this.random() < 0.5 ? "visible" : "online");
    else await vi.advanceTimersByTimeAsync(this.below(4000));
    await vi.advanceTimersByTimeAsync(0);
    this.#paint();
  }

  /** Everything works again, and everybody logs in once more. */
  async calm(): Promise<void> {
    this.goodKey = true;
    this.store.mood = "well";
    for (const tab of this.tabs) {
      tab.platform.skew = 0;
      this.#suspend(tab, false);
    }
    for (const login of [...MEMBERS, ...MEMBERS]) {
      this.login = login;
      for (const socket of this.live) socket.cut();
      for (let n = 0; n < 300 && !(n > 60 && this.#settled); n += 1) {
        await vi.advanceTimersByTimeAsync(500);
        for (const socket of this.live) while (this.#move(socket));
        this.#paint();
      }
    }
  }

  get #settled(): boolean {
    return this.tabs.every(({ room }) => {
      const { status, queued, messages } = room.getState();
      const unseen = messages.some(({ seq, delivery }) => seq === null && delivery !== "failed");
      return status === "live" && queued === 0 && !unseen;
    });
  }

  #write(tab: Tab): void {
    // The author is whom the page shows; before anybody is shown, nothing is typed.
    const author = tab.room.getState().me?.id;
    if (author === undefined || tab.suspended) return;
    const body = `${author} ${this.written.size}`;
    this.written.set(body, author);
    tab.room.send(body);
  }

  #change({ room, suspended }: Tab): void {
    const { messages, me } = room.getState();
    const own = messages.filter(
      ({ seq, author, deletedAt }) => seq !== null && author.id === me?.id && deletedAt === null,
    );
    const message = own[this.below(own.length)];
    if (message === undefined || message.seq === null || suspended) return;
    if (this.random() < 0.8) room.edit(message.seq, `${String(message.body)}!`);
    else room.delete(message.seq);
  }

  #replaceLog(): void {
    this.#logs += 1;
    for (const socket of this.live) socket.cut(1012);
    this.server.begin(`log-${this.#logs}`);
  }

  /** A suspended tab takes nothing from its sockets, and holds its locks. */
  #suspend(tab: Tab, suspended: boolean): void {
    tab.suspended = suspended;
    if (suspended) this.#profile.suspend(tab.platform);
    else this.#profile.resume(tab.platform);
  }

  #reload(at: number): void {
    const tab = this.tabs[at];
    if (tab === undefined || tab.room.getState().me === null) return;
    this.#suspend(tab, false);
    tab.platform.crash();
    tab.platform.openSocket = () => {
      throw new Error("this tab is gone");
    };
    this.tabs[at] = this.#open(tab.token);
  }

  #move(socket: PipedSocket | undefined): boolean {
    if (socket === undefined || socket.over) return false;
    if (socket.readyState === 0) {
      const checked = this.#checked.get(socket);
      if (checked?.good === false) {
        checked.tab.attempts.push(checked.tab.platform.elapsed());
        this.server.refuse(socket, "wrong_key");
      } else this.server.greet(socket);
      return true;
    }
    const frame = this.random() < 0.6 ? socket.down.shift() : undefined;
    if (frame !== undefined) socket.hear(frame);
    else if (socket.up.length > 0) this.server.flushUp(socket);
    else return socket.down.length > 0;
    return true;
  }

  #paint(): void {
    for (const { platform } of this.tabs) platform.browser.paint();
  }
}

test.each(SEEDS)("seed %i: nobody speaks as another, nothing is lost, states converge", async (seed) => {
  const storm = new Storm(seed);
  for (let n = 0; n < STEPS; n += 1) await storm.step();
  await storm.calm();
  const said = storm.server.appended.filter(({ entry }) => entry.kind === "message");

  for (const { entry } of said)
    expect(storm.written.get(firstWords(entry)), `seed ${seed}: ${JSON.stringify(entry)}`).toBe(entry.by.id);
  const heard = new Set(said.map(({ entry }) => firstWords(entry)));
  for (const body of storm.written.keys()) expect(heard, `seed ${seed}`).toContain(body);
  for (const log of new Set(said.map((one) => one.log))) {
    const ids = said.filter((one) => one.log === log).map(({ entry }) => entry.id);
    expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
  }
  // An edit reaches the message that it was written for, and no other one of its number.
  for (const { log, entry } of storm.server.appended) {
    if (entry.kind !== "edit") continue;
    const target = said.find((one) => one.log === log && one.entry.seq === entry.target);
    expect(String(entry.body).replaceAll("!", ""), `seed ${seed}`).toBe(target && firstWords(target.entry));
  }
  const messages = storm.server.entries.filter((entry) => entry.kind === "message");
  for (const { room, attempts } of storm.tabs) {
    const inLog = room.getState().messages.filter(({ seq }) => seq !== null);
    expect(inLog.map(withoutDelivery), `seed ${seed}`).toEqual(
      messages.map((entry) => withoutDelivery(messageOf(entry))),
    );
    for (const start of attempts)
      expect(attempts.filter((at) => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(6);
  }
});

/** What a message said when it was sent; its edits only add to it. */
function firstWords(entry: Entry): string {
  return entry.kind === "delete" ? "" : String(entry.body).replaceAll("!", "");
}
