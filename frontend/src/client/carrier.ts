// The way between a room and its server: a socket, or events and HTTP where no socket opens.
import { type AskCredential, endOf, eventsUrl, roomUrl, type Stand } from "./access";
import { Events } from "./fallback";
import { byteLength, readFrame, writeLine } from "./frames";
import type { Http } from "./http";
import { Later } from "./later";
import type { Command, Delete, Edit, Limits, Send, ServerLine } from "./protocol.gen";
import { type LinkState, RoomSocket, wantsToken } from "./roomSocket";
import type { Origin } from "./urls";
import type { WireLog } from "./wireLog";
import type { World } from "./world";

/** Sockets in a row that did not open, before events are tried. */
const UNOPENED = 2;
/** How long before its end a credential is asked for again, in ms; of a short one's life a quarter goes by first. */
const REFRESH_MS = 30_000;
/** The longest delay that a browser's timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export type CarrierOptions = {
  readonly item: string;
  readonly origin: Origin;
  readonly ask: AskCredential;
  readonly http: Http;
  readonly wire: WireLog;
  readonly world: World;
  readonly stand: () => Stand;
  readonly onLine: (line: ServerLine) => void;
  /** Not live any more, or on the way back. */
  readonly onState: () => void;
};

export class Carrier {
  /** Which way a hello has come that still counts. */
  #greeted: "socket" | "events" | null = null;
  /** The token of the last attempt, to tell whether another one is fresh. */
  #token: string | null = null;
  // Where the host page has no fresh token to give, the server's 4401 says the rest.
  readonly #refreshing = new Later(() => void this.#refresh().catch(() => undefined));
  readonly #options: CarrierOptions;
  readonly #socket: RoomSocket;
  readonly #events: Events;

  constructor(options: CarrierOptions) {
    this.#options = options;
    const { item, origin, world, wire, stand } = options;
    const address = (url: typeof roomUrl) => async () => {
      const credential = await options.ask("attempt");
      this.#token = credential.token;
      return url(origin, item, credential, stand());
    };
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
        onBroken: () => this.#ungreet("events"),
      },
      world,
    );
  }

  get link(): LinkState {
    return this.#socket.state;
  }

  /** The way by which the room is live, or null. */
  get live(): "socket" | "events" | null {
    return this.#greeted;
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#refreshing.cancel();
    this.#events.stop();
    this.#socket.stop();
  }

  /** Now, instead of when it is due. */
  wake(): void {
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
    const { world, wire, onLine } = this.#options;
    const size = command.type === "delete" ? 0 : byteLength(JSON.stringify(command.body));
    if (limits !== null && size > limits.body_bytes) {
      // A frame far too large would cost the connection (rule L1), so it does not leave the page.
      const message = `${size} > ${limits.body_bytes} bytes`;
      onLine({ type: "error", id: command.id, code: "too_large", message });
      return false;
    }
    wire.sent(command.id, world.now());
    if (this.say(command)) return true;
    if (this.#greeted !== "events" || command.type !== "send") return false;
    void this.#post(command);
    return true;
  }

  /** When the credential ends, in ms since the epoch; a fresh token is given to the server before (rule A4). */
  expires(at: number | null): void {
    this.#refreshing.cancel();
    if (at === null) return;
    const left = Math.max(0, at - this.#options.world.now());
    this.#refreshing.within(Math.min(LONGEST_TIMER_MS, Math.max(left - REFRESH_MS, left / 4)));
  }

  async #refresh(): Promise<void> {
    const { token } = await this.#options.ask("expiring");
    if (token === null || token === this.#token) return;
    this.#token = token;
    if (this.say({ type: "auth", token })) this.expires(endOf(token));
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
    const { wire, world, onLine } = this.#options;
    for (const { text, said } of readFrame(frame)) {
      wire.add("in", over, text, world.now());
      if (said === null) continue;
      if (said.type === "hello") {
        this.#greeted = over;
        if (over === "socket") this.#events.stop();
      }
      onLine(said);
    }
  }

  #linked(state: LinkState): void {
    if (state.is !== "open") this.#ungreet("socket");
    if (state.is === "waiting" && state.unopened >= UNOPENED) this.#events.start();
    if (state.is === "stopped") {
      this.#events.stop();
      this.#ungreet("events");
      if (wantsToken(state.code)) void this.#another();
    }
    this.#options.onState();
  }

  /** The token was refused: goes on with another one where the host page has it (C 4401). */
  async #another(): Promise<void> {
    const { token } = await this.#options.ask("refused");
    if (token !== null && token !== this.#token && this.#socket.state.is === "stopped") this.#socket.start();
  }

  #ungreet(over: "socket" | "events" | null): void {
    if (over === null || this.#greeted !== over) return;
    this.#greeted = null;
    this.#options.onState();
  }
}
