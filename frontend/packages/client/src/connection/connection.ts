// The connection between a room and its server: a socket, or events and HTTP if no socket opens.

import { Authentication, type AuthState } from "../auth/authentication";
import type { RefusedAttempts } from "../auth/refusedAttempts";
import { Renewal } from "../auth/renewal";
import type { GetCredential } from "../auth/tokens";
import type { WireLog } from "../devtools/wireLog";
import type { Platform } from "../platform/platform";
import { eventsUrl, type ResumePosition, roomUrl } from "../protocol/addresses";
import { readFrame, writeLine } from "../protocol/frames";
import { type Http, HttpError } from "../protocol/http";
import type { Origin } from "../protocol/urls";
import type { Ack, Command, Delete, Edit, Error as ErrorLine, Send, ServerLine } from "../protocol/wire.gen";
import { aboutToken } from "./closeCodes";
import { EventStream } from "./eventSource";
import { CommandError, PendingCommands } from "./pending";
import { comesBack, type LinkState, WebSocketLink } from "./webSocket";

/** Attempts in a row whose socket did not open, before events are tried. */
const UNOPENED = 2;
/** How long after a failed HTTP request its command is sent again, in ms. */
const HTTP_RETRY_MS = 1000;

export type ConnectionOptions = {
  readonly item: string;
  readonly origin: Origin;
  readonly ask: GetCredential;
  readonly attempts: RefusedAttempts;
  readonly http: Http;
  readonly wire: WireLog;
  readonly platform: Platform;
  readonly position: () => ResumePosition;
  readonly onLine: (line: ServerLine) => void;
  /** Whether the room is live may have changed, or what keeps it from that. */
  readonly onState: () => void;
  /** The login was ended, here or elsewhere (W5). */
  readonly onSignedOut: () => void;
};

export class Connection {
  /** The transport whose hello still counts. */
  #greeted: "socket" | "events" | null = null;
  /** The server's last error about this connection's credential. */
  #problem: ErrorLine | null = null;
  /** How often the room asked for another connection. */
  #renewals = 0;
  readonly #authentication: Authentication;
  readonly #renewal: Renewal;
  readonly #pending = new PendingCommands();
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocketLink;
  readonly #events: EventStream;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { item, origin, platform, wire, position, ask, attempts, onState } = options;
    this.#authentication = new Authentication({
      ask,
      attempts,
      platform,
      onState,
      onReady: () => this.#socket.start(),
    });
    this.#renewal = new Renewal({
      authentication: this.#authentication,
      platform,
      give: (token) => this.#give(token),
    });
    const address = (url: typeof roomUrl) => async () =>
      url(origin, item, await this.#authentication.credential(), position());
    this.#socket = new WebSocketLink(
      {
        address: address(roomUrl),
        onFrame: (frame) => this.#frame(frame, "socket"),
        onSent: (line) => wire.add("out", "socket", line, platform.now()),
        onState: (state) => this.#linked(state),
      },
      platform,
    );
    this.#events = new EventStream(
      {
        address: address(eventsUrl),
        onFrame: (frame) => this.#frame(frame, "events"),
        onBroken: (over) => this.#broken(over),
        onClosed: (code, reason) => this.#closed(code, reason),
      },
      platform,
    );
  }

  get link(): LinkState {
    return this.#socket.state;
  }

  get auth(): AuthState {
    return this.#authentication.state;
  }

  /** The transport by which the room is live, or null. */
  get live(): "socket" | "events" | null {
    return this.#greeted;
  }

  start(): void {
    this.#socket.start();
  }

  stop(): void {
    this.#pending.disconnected();
    this.#renewal.stop();
    this.#authentication.stop();
    this.#events.stop();
    this.#socket.stop();
  }

  /** Start the next attempt now. */
  wake(): void {
    this.#authentication.wake();
    const { link } = this;
    // Authentication limits the attempts with refused credentials.
    if (link.status === "stopped" && aboutToken(link.code)) return;
    this.#socket.start();
    this.#socket.wake();
  }

  /** Connect again, from the room's position of now. */
  renew(): void {
    this.#renewals += 1;
    if (this.#events.running) {
      this.#events.stop();
      this.#events.start();
    }
    this.#ungreet(this.#greeted);
    this.#socket.renew();
  }

  #retryIn(ms: number | undefined): void {
    if (ms !== undefined) this.#socket.retryIn(ms);
  }

  /** Send a line over the socket, a read mark also over HTTP; false where the room is not live by that. */
  say(command: Command): boolean {
    if (this.#greeted === "events" && command.type === "read") {
      // A mark that is lost is told again with the next one.
      void this.#options.http.read(this.#options.item, command.seq).catch(() => undefined);
      return true;
    }
    const line = writeLine(command);
    if (this.#greeted !== "socket" || !this.#socket.send(line)) return false;
    // The developer tools must not show a token.
    const shown = command.type === "auth" ? writeLine({ type: "auth", token: "…" }) : line;
    this.#options.wire.add("out", "socket", shown, this.#options.platform.now());
    return true;
  }

  /** Send a command; resolves when it is durable (S3). Rejects with CommandError. */
  async transmit(command: Send | Edit | Delete): Promise<Ack> {
    const { wire, platform } = this.#options;
    wire.sent(command.id, platform.elapsed());
    const ack = await (this.#greeted === "events" ? this.#post(command) : this.#ask(command));
    wire.acked(ack.id, platform.now(), platform.elapsed());
    return ack;
  }

  #ask(command: Send | Edit | Delete): Promise<Ack> {
    const answer = this.#pending.add(command.id);
    if (!this.say(command)) this.#pending.disconnected();
    return answer;
  }

  /** Send a token before the old one expires; a stream of events is opened again with it. */
  #give(token: string): boolean {
    if (this.#greeted !== "events") return this.say({ type: "auth", token });
    this.#authentication.accepted(token);
    this.renew();
    return false;
  }

  async #post(command: Send | Edit | Delete): Promise<Ack> {
    const { http, item, wire, platform } = this.#options;
    wire.add("out", "http", writeLine(command), platform.now());
    const { entry, repeated } = await http.command(item, command).catch((error: unknown) => {
      throw commandError(error);
    });
    wire.add("in", "http", JSON.stringify(entry), platform.now());
    return { type: "ack", id: command.id, seq: entry.seq, at: entry.at, duplicate: repeated };
  }

  #frame(frame: string, over: "socket" | "events"): void {
    const { wire, platform } = this.#options;
    const renewals = this.#renewals;
    for (const { text, said } of readFrame(frame)) {
      // The rest of the frame belongs to a connection that does not count any more.
      if (renewals !== this.#renewals) return;
      wire.add("in", over, text, platform.now());
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
      // This error answers an `auth`: the connection continues with the old token.
      if (this.#greeted === "socket" && line.code !== "invalid" && this.#renewal.refused()) return;
    }
    if (line.type === "ack" || (line.type === "error" && line.id !== undefined))
      this.#pending.settle(line.id ?? "", line);
    if (line.type === "bye" || line.type === "error") this.#retryIn(line.retry_ms);
    this.#options.onLine(line);
  }

  #linked(state: LinkState): void {
    if (state.status !== "open") this.#ungreet("socket");
    if (state.status === "connecting") this.#problem = null;
    if (state.status === "waiting") this.#authentication.unanswered();
    if (state.status === "waiting" && state.unopened >= UNOPENED) this.#events.start();
    if (state.status === "stopped") {
      this.#events.stop();
      this.#ungreet("events");
      this.#renewal.stop();
      const { wire, platform } = this.#options;
      wire.add("in", "socket", `close ${state.code} ${state.reason}`.trimEnd(), platform.now());
      if (aboutToken(state.code)) this.#refused(state.code, state.reason);
      else this.#authentication.unanswered();
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

  /** The server ended the stream of events; its code means what a socket's would (C). */
  #closed(code: number, reason: string): void {
    this.#ungreet("events");
    if (!comesBack(code)) this.#socket.halt(code, reason);
  }

  #broken(over: boolean): void {
    this.#authentication.unanswered();
    this.#ungreet("events");
    if (over) void this.#askWhy();
  }

  /** Find out over HTTP why a stream of events was refused: an EventSource does not report it. */
  async #askWhy(): Promise<void> {
    const { http, item } = this.#options;
    const error: unknown = await http.access(item).catch((reason: unknown) => reason);
    if (!(error instanceof HttpError) || this.#socket.state.status !== "waiting") return;
    const code = error.closeCode;
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
    this.#pending.disconnected();
    this.#options.onState();
  }
}

/** Return the error of a command from what an HTTP request rejected with. */
function commandError(error: unknown): CommandError {
  if (!(error instanceof HttpError)) return new CommandError("unavailable", String(error), HTTP_RETRY_MS);
  // A refused credential does not reject the command, which is sent again with another token.
  const again = error.status >= 500 || error.status === 401;
  return new CommandError(error.code, error.message, error.retryMs ?? (again ? HTTP_RETRY_MS : null));
}
