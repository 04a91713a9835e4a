// A client on a fake platform, for tests of the public API.
import { expect, vi } from "vitest";
import type { GetToken } from "../../src/auth/tokenSource";
import { type Client, createClient } from "../../src/client";
import type { Hello, ServerLine } from "../../src/protocol/wire.gen";
import type { Room } from "../../src/room/room";
import { type FakeSocket, greeting } from "./doubles";
import { FakePlatform, FakeProfile } from "./fakePlatform";

export const NOW = 1795366775187;

/** A signed token of this member. */
export const token = (sub: string, more: object = {}) => `x.${btoa(JSON.stringify({ sub, ...more }))}.y`;

export const settle = () => vi.advanceTimersByTimeAsync(0);

export function say(socket: FakeSocket, line: ServerLine): void {
  socket.say(JSON.stringify(line));
}

export function message(seq: number, more: object = {}): ServerLine {
  const by = { id: "bob", name: "Bob" };
  return { type: "entry", seq, kind: "message", id: `id-${seq}`, by, at: seq, body: `m${seq}`, ...more };
}

/** A client in one tab. */
export class ClientTab {
  readonly profile: FakeProfile;
  readonly platform: FakePlatform;

  constructor(profile = new FakeProfile()) {
    this.profile = profile;
    this.platform = new FakePlatform(profile);
    this.platform.fetch = async () => new Response(null, { status: 204 });
  }

  open(getToken: GetToken = () => token("ada")): Client {
    return createClient({ url: "http://here/chat", getToken, platform: this.platform });
  }

  /** Let the socket that was opened last in. */
  async greet(room: Room, hello: Partial<Hello> = {}): Promise<FakeSocket> {
    const socket = this.platform.browser.newest;
    socket.accept();
    say(socket, { ...greeting, limits: { ...greeting.limits, body_bytes: 100 }, ...hello });
    await settle();
    expect(room.getState().status).toBe("live");
    return socket;
  }

  /** A client with a live room. */
  async joined(getToken?: GetToken, hello: Partial<Hello> = {}) {
    const client = this.open(getToken);
    const room = client.room("foo");
    const leave = room.join();
    await settle();
    return { client, room, leave, socket: await this.greet(room, hello) };
  }
}
