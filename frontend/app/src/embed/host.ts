// The page that frames this one by <alcove-room>: its options, its tokens, and what it is told.
import {
  type Connect,
  type FromFrame,
  type Hello,
  type RoomEvents,
  type RoomOptions,
  type ToFrame,
  type TokenReason,
  typeOf,
} from "alcove-element";

/** What a page that is in no frame shows. */
export const standalone: RoomOptions = {
  roomName: null,
  readOnly: false,
  theme: "auto",
  properties: {},
  language: null,
  hasTokens: false,
};

type Request = { readonly resolve: (token: string | null) => void; readonly reject: (error: Error) => void };

type Command = "refresh" | "logout" | "focus";

export class Host {
  #options: RoomOptions;
  #lastId = 0;
  #onCommand: (command: Command) => void = () => undefined;
  readonly #port: MessagePort | null;
  readonly #requests = new Map<number, Request>();
  readonly #listeners = new Set<() => void>();

  /** `port`: to the element; null where this page is in no frame. */
  constructor(port: MessagePort | null, options: RoomOptions) {
    this.#port = port;
    this.#options = options;
    if (port !== null) port.onmessage = ({ data }: MessageEvent<ToFrame>) => this.#receive(data);
  }

  getOptions = (): RoomOptions => this.#options;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  onCommand(listener: (command: Command) => void): void {
    this.#onCommand = listener;
  }

  /** Return a token of the host application; null while no member is signed in there. Rejects if it fails. */
  token(reason: TokenReason, signal: AbortSignal): Promise<string | null> {
    this.#lastId += 1;
    const id = this.#lastId;
    signal.addEventListener("abort", () => this.#settle(id)?.reject(new Error("no longer needed")));
    return new Promise((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      this.#post({ type: "token", id, reason });
    });
  }

  emit<Name extends keyof RoomEvents>(name: Name, detail: RoomEvents[Name]): void {
    this.#post({ type: "event", name, detail } as FromFrame);
  }

  /** Say that the member has been signed out. */
  loggedOut(): void {
    this.#post({ type: "loggedOut" });
  }

  #post(message: FromFrame): void {
    this.#port?.postMessage(message);
  }

  #settle(id: number): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  #receive(message: ToFrame): void {
    switch (message.type) {
      case "options":
        this.#options = message.options;
        for (const listener of [...this.#listeners]) listener();
        return;
      case "token":
        this.#settle(message.id)?.resolve(message.token);
        return;
      case "tokenFailed":
        this.#settle(message.id)?.reject(new Error(message.message));
        return;
      default:
        this.#onCommand(message.type);
    }
  }
}

/**
 * Say hello to the page that frames this one, and return it when it has answered. Which pages may frame this one is the
 * server's setting; a message counts only when it comes from the parent window, and only the first one does.
 */
export function findHost(): Promise<Host> {
  const { parent } = window;
  if (parent === window) return Promise.resolve(new Host(null, standalone));
  return new Promise((resolve) => {
    const onMessage = ({ source, data, ports }: MessageEvent<unknown>) => {
      const [port] = ports;
      if (source !== parent || typeOf(data) !== "alcove.connect" || port === undefined) return;
      removeEventListener("message", onMessage);
      resolve(new Host(port, (data as Connect).options));
    };
    addEventListener("message", onMessage);
    const hello: Hello = { type: "alcove.hello" };
    parent.postMessage(hello, "*");
  });
}
