// One plain-text socket as a state machine: idle → connecting → open → closed, and around again.
import { closeCodes, type Meaning, type OpenSocket, type SocketLike } from "alcove-client";

/**
 * Why a socket is closed.
 * `asked`: this side closed it. `refused`: it never opened; a browser shows no more than 1006 of a refused handshake
 * and of a server that is not there. `lost`: it was open and broke off without a close frame. `other`: a code outside
 * the table.
 */
export type Why = "asked" | "refused" | "lost" | "other" | Meaning;

export type SocketState =
  | { readonly is: "idle" }
  | { readonly is: "connecting" }
  | { readonly is: "open" }
  | {
      readonly is: "closed";
      readonly code: number;
      /** The server's own words, possibly empty. */
      readonly reason: string;
      readonly why: Why;
      /** Connecting again, unchanged, may well succeed. */
      readonly again: boolean;
    };

export type SocketListener = {
  readonly onState: (state: SocketState) => void;
  readonly onText: (text: string) => void;
};

const CONNECTING = 0;
const OPEN = 1;
const idle: SocketState = { is: "idle" };

export class PlainSocket {
  #state: SocketState = idle;
  #socket: SocketLike | null = null;
  readonly #openSocket: OpenSocket;
  readonly #listener: SocketListener;

  constructor(listener: SocketListener, openSocket: OpenSocket) {
    this.#listener = listener;
    this.#openSocket = openSocket;
  }

  get state(): SocketState {
    return this.#state;
  }

  /** Open a socket to `url` (ws: or wss:) unless one is connecting or open already. */
  open(url: string): void {
    if (this.#socket !== null) return;
    const socket = this.#openSocket(url);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#enter({ is: "open" });
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      // The plain contract answers text with text; this side sends no binary frame, so none comes back.
      if (typeof data === "string") this.#listener.onText(data);
    };
    socket.onclose = ({ code, reason }) => {
      this.#socket = null;
      const known = closeCodes.get(code);
      const why = opened ? (known?.meaning ?? (code === 1006 ? "lost" : "other")) : "refused";
      this.#enter({ is: "closed", code, reason, why, again: opened && (known?.again ?? why === "lost") });
    };
    this.#enter({ is: "connecting" });
  }

  /** Close at once, and ignore what the old socket still receives. */
  close(): void {
    const socket = this.#socket;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    this.#socket = null;
    if (socket.readyState === CONNECTING) {
      // A browser complains aloud of a socket that is closed before it opened.
      socket.onopen = () => socket.close(1000);
    } else {
      socket.onopen = null;
      socket.close(1000);
    }
    this.#enter({ is: "closed", code: 1000, reason: "", why: "asked", again: true });
  }

  /** True when `text` went to the open socket; false, and nothing sent, in any other state. */
  send(text: string): boolean {
    // While closing, a browser swallows what is sent: the state here is still "open", the socket's own is not.
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(text);
    return true;
  }

  #enter(state: SocketState): void {
    this.#state = state;
    this.#listener.onState(state);
  }
}
