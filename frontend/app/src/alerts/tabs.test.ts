// Tabs agree on who does something once, with and without locks.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AskingTabs } from "./tabs";

/** Channels of several tabs; a message reaches the others in the next microtask. */
class Channels {
  readonly #all: ((event: MessageEvent) => void)[] = [];

  open(): BroadcastChannel {
    const heard: ((event: MessageEvent) => void)[] = [];
    const own = (event: MessageEvent) => heard.map((listener) => listener(event));
    this.#all.push(own);
    return {
      addEventListener: (_: string, listener: (event: MessageEvent) => void) => heard.push(listener),
      postMessage: (data: unknown) => {
        for (const other of this.#all)
          if (other !== own) queueMicrotask(() => other(new MessageEvent("message", { data })));
      },
    } as unknown as BroadcastChannel;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function tabs(count: number): AskingTabs[] {
  const channels = new Channels();
  return Array.from({ length: count }, () => new AskingTabs(channels.open()));
}

/** Let every tab claim, so many ms apart; returns how many got it. */
async function winners(all: readonly AskingTabs[], apartMs: number): Promise<number> {
  const claims: Promise<boolean>[] = [];
  for (const tab of all) {
    claims.push(tab.claim("ring", 3000));
    await vi.advanceTimersByTimeAsync(apartMs);
  }
  await vi.advanceTimersByTimeAsync(1000);
  return (await Promise.all(claims)).filter(Boolean).length;
}

describe("without locks", () => {
  test.each([0, 5, 200, 300, 800])("one of three tabs that claim %i ms apart gets it", async (apartMs) => {
    for (let round = 0; round < 20; round += 1) expect(await winners(tabs(3), apartMs)).toBe(1);
  });

  test("a claim ends after its time", async () => {
    const [one, other] = tabs(2);
    const first = one?.claim("ring", 3000);
    await vi.advanceTimersByTimeAsync(4000);
    const second = other?.claim("ring", 3000);
    await vi.advanceTimersByTimeAsync(1000);

    expect(await Promise.all([first, second])).toEqual([true, true]);
  });

  test("what is shared cannot be claimed until the last tab lets it be", async () => {
    const [one, other, third] = tabs(3);
    const ends = [one?.share("shown"), other?.share("shown")];
    const taken = third?.claim("shown", 0);
    await vi.advanceTimersByTimeAsync(1000);
    for (const end of ends) end?.();
    const free = third?.claim("shown", 0);
    await vi.advanceTimersByTimeAsync(1000);

    expect(await Promise.all([taken, free])).toEqual([false, true]);
  });

  test("a tab without any channel is alone", async () => {
    const claim = new AskingTabs(null).claim("ring", 3000);

    expect(await claim).toBe(true);
  });
});
