// What the tabs of one browser agree on: which of them shows a room, and which one of them does something once.
// Web Locks where there are some; else the tabs ask each other over a BroadcastChannel; without either, each tab is alone.

/** How long the other tabs have to answer, in ms, where there are no locks. */
const ANSWER_MS = 250;

export type Tabs = {
  /** Hold `name` together with other tabs until the returned function is called. */
  readonly share: (name: string) => () => void;
  /** Take `name` for `ms`, unless this or another tab holds it. Resolves to whether it was free. */
  readonly claim: (name: string, ms: number) => Promise<boolean>;
};

export function tabsOf(scope: { readonly navigator: Navigator }): Tabs {
  try {
    const locks: LockManager | null | undefined = scope.navigator.locks;
    if (locks) return new LockingTabs(locks);
  } catch {
    // A browser that blocks storage may refuse locks, too.
  }
  return new AskingTabs(openChannel());
}

function openChannel(): BroadcastChannel | null {
  try {
    return new BroadcastChannel("alcove.tabs");
  } catch {
    return null;
  }
}

export class LockingTabs implements Tabs {
  readonly #locks: LockManager;

  constructor(locks: LockManager) {
    this.#locks = locks;
  }

  share(name: string): () => void {
    const ended = new AbortController();
    this.#locks
      .request(name, { mode: "shared", signal: ended.signal }, () => whenAborted(ended.signal))
      .catch(() => undefined); // given up while waiting, or refused: then other tabs may alert as well
    return () => ended.abort();
  }

  claim(name: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#locks
        .request(name, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock === null ? undefined : new Promise((done) => setTimeout(done, ms));
        })
        .catch(() => resolve(true)); // two alerts are better than none
    });
  }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `from`: the tab that asks; an answer repeats it, because every tab hears it. */
type Word = { readonly type: "asks" | "holds"; readonly name: string; readonly from: number };

export class AskingTabs implements Tabs {
  readonly #channel: BroadcastChannel | null;
  readonly #me = Math.random();
  /** How often this tab holds each name. */
  readonly #held = new Map<string, number>();
  /** Names that this tab claims, each with what to do if another tab has it. */
  readonly #asked = new Map<string, () => void>();
  /** Names that another tab claimed a moment ago, before this one. */
  readonly #heard = new Set<string>();

  constructor(channel: BroadcastChannel | null) {
    this.#channel = channel;
    channel?.addEventListener("message", ({ data }: MessageEvent<Word>) => this.#hear(data));
  }

  share(name: string): () => void {
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    return () => this.#release(name);
  }

  async claim(name: string, ms: number): Promise<boolean> {
    if (this.#held.has(name) || this.#asked.has(name) || this.#heard.has(name)) return false;
    if (this.#channel !== null && (await this.#isTaken(name))) return false;
    const release = this.share(name);
    setTimeout(release, ms);
    return true;
  }

  async #isTaken(name: string): Promise<boolean> {
    const taken = new Promise<boolean>((resolve) => {
      this.#asked.set(name, () => resolve(true));
      setTimeout(() => resolve(false), ANSWER_MS);
    });
    this.#say("asks", name, this.#me);
    const answer = await taken;
    this.#asked.delete(name);
    return answer;
  }

  #hear({ type, name, from }: Word): void {
    if (type === "holds") {
      if (from === this.#me) this.#asked.get(name)?.();
      return;
    }
    // Of two tabs that ask at the same time the one with the lower number goes first.
    if (this.#held.has(name) || (this.#asked.has(name) && this.#me < from)) this.#say("holds", name, from);
    else if (!this.#asked.has(name)) this.#remember(name);
  }

  #remember(name: string): void {
    this.#heard.add(name);
    setTimeout(() => this.#heard.delete(name), ANSWER_MS);
  }

  #say(type: Word["type"], name: string, from: number): void {
    this.#channel?.postMessage({ type, name, from } satisfies Word);
  }

  #release(name: string): void {
    const left = (this.#held.get(name) ?? 1) - 1;
    if (left > 0) this.#held.set(name, left);
    else this.#held.delete(name);
  }
}
