// A talk over one plain socket: its state, what was received, what is being written. It outlives its connections.
import type { OpenSocket } from "alcove-client";
import { PlainSocket, type SocketState } from "./plainSocket";
import { type Transcript, withLine } from "./transcript";

export type ConversationView = {
  readonly state: SocketState;
  readonly lines: Transcript;
  readonly draft: string;
};

/** What a conversation needs of the browser. */
export type Surroundings = {
  readonly openSocket: OpenSocket;
  /** Call `draw` once, before the next frame is painted. */
  readonly nextFrame: (draw: () => void) => void;
};

const browser: Surroundings = {
  openSocket: (url) => new WebSocket(url),
  nextFrame: (draw) => void requestAnimationFrame(draw),
};

export class Conversation {
  #view: ConversationView = { state: { is: "idle" }, lines: [], draft: "" };
  #held = 0;
  #frameAsked = false;
  readonly #listeners = new Set<() => void>();
  readonly #socket: PlainSocket;
  readonly #nextFrame: Surroundings["nextFrame"];

  constructor({ openSocket, nextFrame }: Surroundings = browser) {
    this.#nextFrame = nextFrame;
    this.#socket = new PlainSocket(
      {
        onState: (state) => this.#change({ state }),
        onText: (text) => this.#receive(text),
      },
      openSocket,
    );
  }

  /** The same object until something changes. */
  view = (): ConversationView => this.#view;

  /** Call `listener` after changes, at most once a frame for lines; return a function that ends this. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  connect(url: string): void {
    this.#socket.open(url);
  }

  disconnect(): void {
    this.#socket.close();
  }

  write(draft: string): void {
    this.#change({ draft });
  }

  /** Send the draft and clear it; return false and keep it while there is no open socket. */
  sendDraft(): boolean {
    const sent = this.#socket.send(this.#view.draft);
    if (sent) this.#change({ draft: "" });
    return sent;
  }

  /**
   * Keeps the connection for as long as someone holds it; gives back the release.
   *
   * The last release disconnects only when nobody has taken hold again by the next microtask: React's StrictMode
   * mounts, unmounts and mounts in one go, and that must not cost a second socket.
   */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
      queueMicrotask(() => {
        if (this.#held === 0) this.disconnect();
      });
    };
  }

  /** Notify once per frame, because lines can arrive faster than a page is drawn. */
  #receive(text: string): void {
    this.#view = { ...this.#view, lines: withLine(this.#view.lines, text) };
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    this.#nextFrame(() => {
      this.#frameAsked = false;
      this.#tell();
    });
  }

  #change(part: Partial<ConversationView>): void {
    this.#view = { ...this.#view, ...part };
    this.#tell();
  }
  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
