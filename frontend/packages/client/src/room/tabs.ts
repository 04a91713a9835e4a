// The tabs of a browser that share one outbox: which of them sends, and their messages to each other.
import { Leadership } from "../platform/leadership";
import type { Channel, Platform } from "../platform/platform";

/** A draft changed in storage, is durable at `seq`, or was removed; or the tab that sends gives a sign. */
type TabMessage = "changed" | { readonly id: string; readonly seq?: number } | { readonly leading: boolean };

type OutboxTabsOptions = {
  readonly name: string;
  readonly platform: Platform;
  /** This tab sends from now on. */
  readonly onLead: () => void;
  /** Another tab has written or removed drafts. */
  readonly onChanged: () => void;
  /** A draft is durable at `seq`, or was discarded (null). */
  readonly onSettled: (id: string, seq: number | null) => void;
};

export class OutboxTabs {
  readonly #channel: Channel;
  readonly #leadership: Leadership;
  readonly #options: OutboxTabsOptions;

  constructor(options: OutboxTabsOptions) {
    const { name, platform, onLead } = options;
    this.#options = options;
    this.#channel = platform.channel(name, (message) => this.#heard(message as TabMessage | null));
    this.#leadership = new Leadership({ name, platform, onLead, ask: () => this.post("changed") });
  }

  get leading(): boolean {
    return this.#leadership.leading;
  }

  /** Ask for the right to send. */
  campaign(): void {
    this.#leadership.campaign();
  }

  resign(): void {
    this.#leadership.resign();
  }

  /** Another tab must send a draft: take over if that tab does not answer. */
  wait(): void {
    this.#leadership.wait();
  }

  post(message: TabMessage): void {
    this.#channel.post(message);
  }

  close(): void {
    this.#leadership.resign();
    this.#channel.close();
  }

  #heard(message: TabMessage | null): void {
    if (message === "changed") {
      if (this.#leadership.leading) this.post({ leading: this.#leadership.locked });
      this.#options.onChanged();
    } else if (typeof message !== "object" || message === null) return;
    else if ("leading" in message) this.#leadership.heard(message.leading);
    else this.#options.onSettled(message.id, message.seq ?? null);
  }
}
