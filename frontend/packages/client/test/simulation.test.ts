// Seeded storms: tabs and a model server with cuts, delays, repeats, refusals and crashes; each state becomes the log.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { messageOf } from "../src/room/messages";
import { Room } from "../src/room/room";
import type { Message } from "../src/room/state";
import { FakePlatform, FakeProfile } from "./support/fakePlatform";
import { ModelServer, type PipedSocket } from "./support/modelServer";
import { randomFrom } from "./support/randomFrom";

const SEEDS = Array.from({ length: 25 }, (_, i) => 1000 + i * 7919);
const STEPS = 400;
const origin = { protocol: "http:", host: "here" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A refused change of a message that was deleted meanwhile stays with it. */
function withoutDelivery({ delivery: _, error: __, failedChange: ___, ...message }: Message): object {
  return message;
}

class Storm {
  readonly server = new ModelServer();
  readonly written: { member: string; body: string }[] = [];
  /** The ids of the messages that a member deleted. */
  readonly deleted = new Set<string>();
  /** Whether the server loses its last entries now and then, and keeps the id of its log. */
  losing = false;
  readonly random: () => number;
  readonly #profiles = { ada: new FakeProfile(), bob: new FakeProfile() };
  /** Two tabs of ada, one of bob. */
  readonly tabs: { platform: FakePlatform; room: Room; member: "ada" | "bob" }[];

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.tabs = (["ada", "ada", "bob"] as const).map((member) => this.#open(member));
  }

  #open(member: "ada" | "bob") {
    const platform = new FakePlatform(this.#profiles[member]);
    platform.random = this.random;
    platform.openSocket = (url) => {
      const socket = this.server.openSocket(url);
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
    const ask = () => ({ token: "key", name: member });
    const room = new Room({ item: "foo", member, ask, origin, platform });
    room.join();
    return { platform, room, member };
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  get live(): PipedSocket[] {
    return this.server.sockets.filter((socket) => !socket.over);
  }

  /** What a person, the network or the server does next. */
  async step(): Promise<void> {
    const at = this.below(this.tabs.length);
    const tab = this.tabs[at];
    const socket = this.live[this.below(this.live.length)];
    if (tab === undefined) throw new Error("no tab");
    const dice = this.random();
    if (dice < 0.14) this.#write(tab);
    else if (dice < 0.18) this.#change(tab);
    else if (dice < 0.5) this.#move(socket);
    else if (dice < 0.53) socket?.cut();
    else if (dice < 0.55) this.server.up = !this.server.up;
    else if (dice < 0.57) this.#repeat(socket);
    else if (dice < 0.59) this.server.refusals.push({ code: "rate_limited", retry_ms: 300 });
    else if (dice < 0.6) this.server.refusals.push({ code: "unavailable", retry_ms: 1000 });
    else if (dice < 0.62) {
      tab.platform.crash();
      tab.platform.openSocket = () => {
        throw new Error("this tab is gone");
      };
      this.tabs[at] = this.#open(tab.member);
    } else if (dice < 0.64) await tab.room.loadOlder();
    else if (dice < 0.65) tab.platform.dispatch("visible");
    else if (dice < 0.67 && this.losing) this.server.lose(1 + this.below(4));
    else await vi.advanceTimersByTimeAsync(this.below(3000));
    this.#paint();
  }

  /** The weather clears: everything that is on its way arrives. */
  async calm(): Promise<void> {
    this.server.up = true;
    this.server.refusals.length = 0;
    for (let n = 0; n < 300 && !this.#settled; n += 1) {
      await vi.advanceTimersByTimeAsync(500);
      for (const socket of this.live) while (this.#move(socket));
      this.#paint();
    }
    for (const { room } of this.tabs)
      for (let n = 0; n < 50 && room.getState().history.status === "idle"; n += 1) await this.#older(room);
  }

  get #settled(): boolean {
    if (this.live.some(({ up, down }) => up.length + down.length > 0)) return false;
    return this.tabs.every(({ room }) => {
      const { status, messages } = room.getState();
      return (
        status === "live" && messages.every(({ seq, delivery }) => seq !== null && delivery !== "queued")
      );
    });
  }

  async #older(room: Room): Promise<void> {
    await room.loadOlder();
    this.#paint();
  }

  #write({ room, member }: Storm["tabs"][number]): void {
    const body = `${member} ${this.written.length}`;
    this.written.push({ member, body });
    room.send(body);
  }

  #change({ room, member }: Storm["tabs"][number]): void {
    const own = room.getState().messages.filter(({ seq, author }) => seq !== null && author.id === member);
    const message = own[this.below(own.length)];
    if (message === undefined || message.seq === null || message.deletedAt !== null) return;
    if (this.random() < 0.7) room.edit(message.seq, `${String(message.body)}!`);
    else {
      this.deleted.add(message.id);
      room.delete(message.seq);
    }
  }

  #move(socket: PipedSocket | undefined): boolean {
    if (socket === undefined) return false;
    if (socket.readyState === 0) {
      if (this.server.up) this.server.greet(socket);
      else socket.cut();
      return true;
    }
    const frame = this.random() < 0.6 ? socket.down.shift() : undefined;
    if (frame !== undefined) socket.hear(frame);
    else if (socket.up.length > 0) this.server.flushUp(socket);
    else return socket.down.length > 0;
    return true;
  }

  /** The same line twice. */
  #repeat(socket: PipedSocket | undefined): void {
    const line = socket?.down.find((text) => text.includes('"entry"') || text.includes('"ack"'));
    if (line !== undefined) socket?.down.splice(socket.down.indexOf(line), 0, line);
  }

  #paint(): void {
    for (const { platform } of this.tabs) platform.browser.paint();
  }
}

test.each(SEEDS)(
  "seed %i: every state becomes the log, every word is in it once and in order",
  async (seed) => {
    const storm = new Storm(seed);
    for (let n = 0; n < STEPS; n += 1) await storm.step();
    await storm.calm();
    const messages = storm.server.entries.filter((entry) => entry.kind === "message");

    for (const { room, member } of storm.tabs) {
      const state = room.getState();
      expect(state, `seed ${seed}, ${member}`).toMatchObject({ status: "live", transport: "socket" });
      expect(state.messages.map(withoutDelivery), `seed ${seed}, ${member}`).toEqual(
        messages.map((entry) => withoutDelivery(messageOf(entry))),
      );
      expect(state.queued, `seed ${seed}, ${member}`).toBe(0);
    }
    for (const member of ["ada", "bob"]) {
      const said = storm.written.filter((one) => one.member === member).map(({ body }) => body);
      const stands = messages.filter(({ by }) => by.id === member).map(({ id }) => id);
      expect(stands).toHaveLength(said.length);
      expect([...stands].sort()).toEqual(stands);
    }
  },
);

test.each(SEEDS)(
  "R5 seed %i: a log that loses entries under the same id is what every tab shows",
  async (seed) => {
    const storm = new Storm(seed);
    storm.losing = true;
    for (let n = 0; n < STEPS; n += 1) await storm.step();
    await storm.calm();
    const words = new Map(storm.server.appended.map(({ entry }) => [entry.id, entry]));
    const messages = storm.server.entries.filter((entry) => entry.kind === "message");

    for (const { room, member } of storm.tabs) {
      const shown = room.getState().messages.filter(({ seq }) => seq !== null);
      expect(shown.map(withoutDelivery), `seed ${seed}, ${member}`).toEqual(
        messages.map((entry) => withoutDelivery(messageOf(entry))),
      );
    }
    // No change of a lost message was made to the one that has its number now.
    for (const { id, body, deleted } of messages) {
      const written = words.get(id);
      if (deleted !== undefined) expect(storm.deleted).toContain(id);
      else expect(String(body).replaceAll("!", "")).toBe(written?.kind === "message" && written.body);
    }
  },
);

test("R5 another log: what was held is dropped, and said so", async () => {
  const storm = new Storm(17);
  for (let n = 0; n < STEPS; n += 1) await storm.step();
  await storm.calm();
  storm.server.begin("log-2");
  for (const socket of storm.live) socket.cut();
  await storm.calm();

  for (const { room } of storm.tabs)
    expect(room.getState()).toMatchObject({ messages: [], history: { wasReset: true } });
});
