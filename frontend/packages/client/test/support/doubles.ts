// Test doubles: a socket whose other end the test controls, and the browser that opens it.
import type { OpenSocket, SocketLike } from "../../src/platform/platform";
import type { Hello } from "../../src/protocol/wire.gen";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

export class FakeSocket implements SocketLike {
  readyState: SocketLike["readyState"] = CONNECTING;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  /** What the page sent, in order. */
  readonly sent: string[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    if (this.readyState === CONNECTING) throw new DOMException("still connecting", "InvalidStateError");
    if (this.readyState === OPEN) this.sent.push(text);
  }

  close(): void {
    if (this.readyState !== CLOSED) this.readyState = CLOSING;
  }

  /** The server accepts. */
  accept(): void {
    this.readyState = OPEN;
    this.onopen?.call(this.#self, new Event("open"));
  }

  /** The server sends one frame. */
  say(data: string | ArrayBuffer): void {
    this.onmessage?.call(this.#self, new MessageEvent("message", { data }));
  }

  /** The connection begins to close; `end` follows. */
  startClosing(): void {
    this.readyState = CLOSING;
  }

  /** The connection has ended: closed by the server, refused, or lost (1006). */
  end(code: number, reason = ""): void {
    this.readyState = CLOSED;
    this.onclose?.call(this.#self, new CloseEvent("close", { code, reason, wasClean: code !== 1006 }));
  }

  /** The type of the handlers' `this`, which none of them uses. */
  get #self(): WebSocket {
    return this as unknown as WebSocket;
  }
}

export class FakeBrowser {
  /** Every socket ever opened, oldest first. */
  readonly sockets: FakeSocket[] = [];

  readonly openSocket: OpenSocket = (url) => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  };

  /** What waits for the next frame. */
  #waiting: (() => void)[] = [];

  readonly nextFrame = (draw: () => void): void => {
    this.#waiting.push(draw);
  };

  /** Draws one frame. */
  paint(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const draw of waiting) draw();
  }

  /** The socket opened last; throws when there is none. */
  get newest(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket has been opened");
    return socket;
  }

  /** How many sockets are open or connecting. */
  get live(): number {
    return this.sockets.filter(({ readyState }) => readyState === CONNECTING || readyState === OPEN).length;
  }
}

/** The greeting of Ada in an empty room. */
export const greeting: Hello = {
  type: "hello",
  item: "foo",
  log: "one",
  head: 0,
  oldest: 1,
  reset: false,
  you: { id: "ada", name: "Ada", can: ["read", "write"] },
  members: [{ id: "ada", name: "Ada" }],
  count: 1,
  reads: {},
  limits: { body_bytes: 20, sends_per_s: 20, burst: 60 },
  expires: null,
  now: 0,
};
