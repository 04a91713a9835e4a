// Tabs that show the list of rooms, and the streams that they open.
import { vi } from "vitest";
import { type Client, createClient } from "../../src/client";
import type { ItemSummary } from "../../src/protocol/wire.gen";
import { type FakeEvents, FakePlatform, type FakeProfile } from "./fakePlatform";

/** Let pending promises and due timers run. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

export type Tab = { readonly platform: FakePlatform; readonly client: Client; readonly leave: () => void };

/** Open a tab that shows the list; `answers`: what its server answers, by path. */
export async function tab(profile: FakeProfile, answers: Record<string, object> = {}): Promise<Tab> {
  const platform = new FakePlatform(profile);
  platform.fetch = vi.fn(async (url: string) => {
    const { pathname, search } = new URL(url);
    const answer = answers[`${pathname}${search}`] ?? answers[pathname];
    return answer === undefined ? new Response("{}", { status: 500 }) : Response.json(answer);
  });
  const client = createClient({ url: "http://here", getToken: () => "secret", platform });
  const leave = client.rooms.subscribe(() => undefined);
  await settle();
  return { platform, client, leave };
}

/** Return a room as the server lists it. */
export function room(item: string, head = 1, unread = 0, at = head): ItemSummary {
  const by = { id: "bob", name: "Bob" };
  return {
    item,
    head,
    unread,
    last: { type: "entry", seq: head, kind: "message", id: `${item}-${head}`, by, at, body: "hi" },
  };
}

/** Return the stream that the tab opened last. */
export function streamOf({ platform }: Tab): FakeEvents {
  const stream = platform.events.at(-1);
  if (stream === undefined) throw new Error("the tab has opened no stream");
  return stream;
}

/** Send the tab these rooms and `ready`; return its stream. */
export async function snapshot(of: Tab, ...rooms: ItemSummary[]): Promise<FakeEvents> {
  const stream = streamOf(of);
  for (const one of rooms) stream.say(JSON.stringify({ type: "item", ...one }));
  stream.say('{"type":"ready"}');
  await settle();
  return stream;
}

/** Send a changed room. */
export const change = (stream: FakeEvents, one: ItemSummary) =>
  stream.say(JSON.stringify({ type: "item", ...one }));
/** Return the items of the rooms that the tab shows. */
export const items = ({ client }: Tab) => client.rooms.getState().rooms.map(({ item }) => item);
/** Return how many streams these tabs have open. */
export const openStreams = (...tabs: Tab[]) =>
  tabs.flatMap(({ platform }) => platform.events).filter(({ readyState }) => readyState !== 2).length;
