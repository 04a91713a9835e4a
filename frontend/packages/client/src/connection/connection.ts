// The connection between a room and its server: a socket, or events and HTTP where no socket opens.

import { Authentication, type AuthState, type RefusedAttempts } from "../auth/authentication";
import { Renewal } from "../auth/renewal";
import { type AskCredential, eventsUrl, roomUrl, type Stand } from "../auth/tokens";
import type { WireLog } from "../devtools/wireLog";
import type { World } from "../platform/platform";
import { byteLength, readFrame, writeLine } from "../protocol/frames";
import { type Http, HttpError } from "../protocol/http";
import type { Origin } from "../protocol/urls";
import type {
  Command,
  Delete,
  Edit,
  Error as ErrorLine,
  Limits,
  Send,
  ServerLine,
} from "../protocol/wire.gen";
import { aboutToken } from "./closeCodes";
import { Events } from "./eventSource";
import { comesBack, type LinkState, RoomSocket } from "./webSocket";

/** Sockets in a row that did not open, before events are tried. */
const UNOPENED = 2;

export type CarrierOptions = {
  readonly item: string;
  readonly origin: Origin;
  readonly ask: AskCredential;
  readonly attempts: RefusedAttempts;
  readonly http: Http;
  readonly wire: WireLog;
  readonly world: World;
  readonly stand: () => Stand;
  readonly onLine: (line: ServerLine) => void;
  /** Not live any more, or on the way back. */
  readonly onState: () => void;
  /** The login was ended, here or elsewhere (W5). */
  readonly onSignedOut: () => void;
};

export class Carrier {
  /** Which way a hello has come that still counts. */
  #greeted: "socket" | "events" | null = null;
  /** What the server said last about this connection's credential. */
  #problem: ErrorLine | null = null;
  readonly #authentication: Authentication;
  readonly #renewal: Renewal;
  readonly #options: CarrierOptions;
  readonly #socket: RoomSocket;
  readonly #events: Events;

  constructor(options: CarrierOptions) {
    this.#options = options;
    const { item, origin, world, wire, stand, ask, attempts, onState } = options;
    this.#authentication = new Authentication({
      ask,
      attempts,
      world,
      onState,
      onReady: () => this.#socket.start(),
    });
    this.#renewal = new Renewal({
      authentication: this.#authentication,
      world,
      give: (token) => this.#give(token),
    });
    const address = (url: typeof roomUrl) => async () =>
      url(origin, item, await this.#authentication.credential(), stand());
    this.#socket = new RoomSocket(
      {
        address: address(roomUrl),
        onFrame: (frame) => this.#frame(frame, "socket"),
        onSent: (line) => wire.add("out", "socket", line, world.now()),
        onState: (state) => this.#linked(state),
      },
      world,
    );
    this.#events = new Events(
      {
        address: address(eventsUrl),
        onFrame: (frame) => this.#frame(frame, "events"),
        onBroken: (over) => this.#broken(over),
        onClosed: (code, reason) => this.#closed(code, reason),
      },
      world,
    );
  }

  get link(): LinkState {
    return this.#socket.state;
  }

  get auth(): AuthState {
    return this.#authentication.state;
  }

  /** The way by which the room is live, or null. */
  get live(): "socket" | "events" | null {
    return this.#greeted;
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#renewal.stop();
    this.#authentication.stop();
    this.#events.stop();
    this.#socket.stop();
  }

  /** Now, instead of when it is due. */
  wake(): void {
    this.#authentication.wake();
    const { link } = this;
    // A refused credential has its own pace.
    if (link.is === "stopped" && aboutToken(link.code)) return;
    this.#socket.start();
    this.#socket.wake();
  }

  /** Begins again from where the room stands. */
  renew(): void {
    if (this.#events.running) {
      this.#events.stop();
      this.#events.start();
    }
    this.#ungreet(this.#greeted);
    this.#socket.renew();
  }

  retryIn(ms: number): void {
    this.#socket.retryIn(ms);
  }

  /** Sends a line over the socket; false where there is none. */
  say(command: Command): boolean {
    const line = writeLine(command);
    if (this.#greeted !== "socket" || !this.#socket.send(line)) return false;
    // A token is for the server's eyes.
    const shown = command.type === "auth" ? writeLine({ type: "auth", token: "…" }) : line;
    this.#options.wire.add("out", "socket", shown, this.#options.world.now());
    return true;
  }

  /** Sends a draft; its answer comes as a line. False where it cannot go now. */
  carry(command: Send | Edit | Delete, limits: Limits | null): boolean {
    const { wire, world, onLine } = this.#options;
    const size = command.type === "delete" ? 0 : byteLength(JSON.stringify(command.body));
    if (limits !== null && size > limits.body_bytes) {
      // A frame far too large would cost the connection (rule L1), so it does not leave the page.
      const message = `${size} > ${limits.body_bytes} bytes`;
      onLine({ type: "error", id: command.id, code: "too_large", message });
      return false;
    }
    wire.sent(command.id, world.elapsed());
    if (this.say(command)) return true;
    if (this.#greeted !== "events" || command.type !== "send") return false;
    void this.#post(command);
    return true;
  }

  /** Gives the server a token before the old one expires; a reader by events comes again with it. */
  #give(token: string): boolean {
    if (this.#greeted !== "events") return this.say({ type: "auth", token });
    this.#authentication.accepted(token);
    this.renew();
    return false;
  }

  async #post(command: Send): Promise<void> {
    const { http, item, wire, world, onLine } = this.#options;
    wire.add("out", "http", writeLine(command), world.now());
    const answer = await http.send(item, command);
    wire.add("in", "http", JSON.stringify(answer), world.now());
    if (answer.type === "error") onLine(answer);
    else onLine({ type: "ack", id: command.id, seq: answer.seq, at: answer.at, duplicate: false });
  }

  #frame(frame: string, over: "socket" | "events"): void {
    const { wire, world } = this.#options;
    for (const { text, said } of readFrame(frame)) {
      wire.add("in", over, text, world.now());
      if (said !== null) this.#line(said, over);
    }
  }

  #line(line: ServerLine, over: "socket" | "events"): void {
    if (line.type === "hello") {
      this.#greeted = over;
      this.#problem = null;
      if (over === "socket") this.#events.stop();
      this.#authentication.accepted();
      this.#renewal.greeted(line.expires, (line as { now?: number }).now);
    }
    if (line.type === "access") this.#renewal.accepted(line.expires);
    if (line.type === "error" && line.id === undefined) {
      this.#problem = line;
      // What answers an `auth` is no word on the connection.
      if (this.#greeted === "socket" && line.code !== "invalid" && this.#renewal.refused()) return;
    }
    this.#options.onLine(line);
  }

  #linked(state: LinkState): void {
    if (state.is !== "open") this.#ungreet("socket");
    if (state.is === "connecting") this.#problem = null;
    if (state.is === "waiting" && state.unopened >= UNOPENED) this.#events.start();
    if (state.is === "stopped") {
      this.#events.stop();
      this.#ungreet("events");
      this.#renewal.stop();
      if (aboutToken(state.code)) this.#refused(state.code, state.reason);
    }
    this.#options.onState();
  }

  #refused(code: number, reason: string): void {
    const problem = this.#problem;
    this.#problem = null;
    this.#authentication.refused(
      { code, reason: problem?.reason ?? null, message: reason === "" ? (problem?.message ?? "") : reason },
      problem?.retry_ms ?? null,
    );
    if (problem?.reason === "signed_out") this.#options.onSignedOut();
  }

  /** The server ended the stream of events: its code counts as a socket's would (C). */
  #closed(code: number, reason: string): void {
    this.#ungreet("events");
    if (!comesBack(code)) this.#socket.halt(code, reason);
  }

  #broken(over: boolean): void {
    this.#ungreet("events");
    if (over) void this.#askWhy();
  }

  /** An EventSource does not tell why it was refused, so HTTP is asked. */
  async #askWhy(): Promise<void> {
    const { http, item } = this.#options;
    const error: unknown = await http.access(item).catch((reason: unknown) => reason);
    if (!(error instanceof HttpError) || this.#socket.state.is !== "waiting") return;
    const code = { 401: 4401, 403: 4403 }[error.status];
    if (code === undefined) return;
    this.#problem = {
      type: "error",
      code: error.code,
      message: error.message,
      ...(error.retryMs !== undefined && { retry_ms: error.retryMs }),
      ...(error.reason !== undefined && { reason: error.reason }),
    };
    this.#socket.halt(code, error.message);
  }

  #ungreet(over: "socket" | "events" | null): void {
    if (over === null || this.#greeted !== over) return;
    this.#greeted = null;
    this.#options.onState();
  }
}
