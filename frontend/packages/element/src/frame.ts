// The host's side of the conversation with the frame: who is listened to, and the port.
import { type Connect, type FromFrame, type RoomOptions, type ToFrame, typeOf } from "./messages";

type FrameOptions = {
  /** The frame's window at this time; it does not change while the frame is in the document. */
  readonly window: () => Window | null;
  /** The origin of the Alcove server. */
  readonly origin: string;
  readonly options: () => RoomOptions;
  readonly onMessage: (message: FromFrame) => void;
};

export class FrameConnection {
  #port: MessagePort | null = null;
  readonly #options: FrameOptions;

  constructor(options: FrameOptions) {
    this.#options = options;
    addEventListener("message", this.#onHello);
  }

  get connected(): boolean {
    return this.#port !== null;
  }

  send(message: ToFrame): void {
    this.#port?.postMessage(message);
  }

  close(): void {
    removeEventListener("message", this.#onHello);
    this.#port?.close();
    this.#port = null;
  }

  /** A frame that was loaded again sends `hello` again, and gets another port. */
  readonly #onHello = ({ source, origin, data }: MessageEvent<unknown>): void => {
    const frame = this.#options.window();
    if (frame === null || source !== frame || origin !== this.#options.origin) return;
    if (typeOf(data) !== "alcove.hello") return;
    this.#port?.close();
    const { port1: ours, port2: theirs } = new MessageChannel();
    this.#port = ours;
    ours.onmessage = ({ data: message }: MessageEvent<FromFrame>) => this.#options.onMessage(message);
    const connect: Connect = { type: "alcove.connect", options: this.#options.options() };
    frame.postMessage(connect, origin, [theirs]);
  };
}
