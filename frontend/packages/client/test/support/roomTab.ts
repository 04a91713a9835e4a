// A tab with one room, for tests of whose data a browser keeps.
import { vi } from "vitest";
import type { GetToken } from "../../src/auth/tokenSource";
import { type Client, createClient } from "../../src/client";
import type { Hello, ServerLine } from "../../src/protocol/wire.gen";
import type { Room } from "../../src/room/room";
import { type FakeSocket, greeting } from "./doubles";
import { FakePlatform, type FakeProfile } from "./fakePlatform";

export const server = "http://here";

export const settle = () => vi.advanceTimersByTimeAsync(0);

export type Tab = { platform: FakePlatform; client: Client; room: Room; leave: () => void };

/** A tab that joins the room; without `getToken` the login cookie counts. */
export async function openTab(profile: FakeProfile, getToken?: GetToken): Promise<Tab> {
  const platform = new FakePlatform(profile);
  platform.fetch = async () => new Response(null, { status: 204 });
  const client = createClient({ url: server, platform, ...(getToken !== undefined && { getToken }) });
  const room = client.room("foo");
  const leave = room.join();
  await settle();
  return { platform, client, room, leave };
}

export function say(socket: FakeSocket, line: ServerLine): void {
  socket.say(JSON.stringify(line));
}

export async function greet({ platform }: Tab, you: string, more: Partial<Hello> = {}): Promise<FakeSocket> {
  const socket = platform.browser.newest;
  socket.accept();
  say(socket, { ...greeting, you: { id: you, name: you, can: ["read", "write"] }, ...more });
  await settle();
  await settle();
  return socket;
}

export const bodies = ({ platform }: Tab) =>
  platform.browser.sockets.flatMap(({ sent }) =>
    sent.map((line) => JSON.parse(line)).map(({ body }) => body),
  );

export const messages = ({ room }: Tab) => room.getState().messages;

export function signed(sub: string): string {
  return `x.${btoa(JSON.stringify({ sub }))}.y`;
}

export const message = (seq: number, by: string): ServerLine => ({
  type: "entry",
  seq,
  kind: "message",
  id: `id-${seq}`,
  by: { id: by, name: by },
  at: seq,
  body: `m${seq}`,
});
