// A model of the server that clients are tested against, on sockets whose both ends the test controls.

import type { SocketLike } from "../../src/platform/platform";
import { readFrame } from "../../src/protocol/frames";
import type {
  Command,
  Delete,
  Edit,
  Entry,
  Hello,
  MessageEntry,
  Send,
  ServerLine,
} from "../../src/protocol/wire.gen";

/** A socket whose frames lie in two queues until they are flushed or lost. */
export class PipedSocket implements SocketLike {
  readyState: SocketLike["readyState"] = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  readonly up: string[] = [];
  readonly down: string[] = [];
  readonly url: URL;

  constructor(url: string) {
    this.url = new URL(url);
  }

  get over(): boolean {
    return this.readyState > 1;
  }

  send(frame: string): void {
    if (this.readyState === 1) this.up.push(frame);
  }

  /** The client closes: what it has sent may still arrive. */
  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.call(this.#self, new Event("open"));
  }

  hear(frame: string): void {
    this.onmessage?.call(this.#self, new MessageEvent("message", { data: frame }));
  }

  cut(code = 1006): void {
    if (this.over) return;
    this.readyState = 3;
    this.onclose?.call(this.#self, new CloseEvent("close", { code }));
  }

  get #self(): WebSocket {
    return this as unknown as WebSocket;
  }
}

type Connection = { readonly socket: PipedSocket; readonly member: string };

export class ModelServer {
  up = true;
  log = "log-1";
  oldest = 1;
  entries: Entry[] = [];
  /** The errors with which the next commands are refused. */
  readonly refusals: { code: string; retry_ms?: number }[] = [];
  readonly sockets: PipedSocket[] = [];
  /** Every message ever appended, in this log and in those before it. */
  readonly appended: { readonly log: string; readonly entry: Entry }[] = [];
  #connections: Connection[] = [];
  #acked = new Map<string, number>();

  /** A browser opens a socket; `greet` lets it in. */
  readonly openSocket = (url: string): PipedSocket => {
    const socket = new PipedSocket(url);
    this.sockets.push(socket);
    return socket;
  };

  /** Accept a socket and send it the entries after its cursor (R1, R2, R4, R5). */
  greet(socket: PipedSocket): void {
    const query = socket.url.searchParams;
    const member = query.get("name") ?? "Guest";
    const head = this.entries.length;
    const asked = query.get("after");
    const reset = (query.get("log") ?? this.log) !== this.log || Number(asked ?? 0) > head;
    const newcomer = asked === null || reset;
    const after = newcomer
      ? Math.max(head - Number(query.get("tail") ?? 50), this.oldest - 1)
      : Number(asked);
    const connection = { socket, member };
    this.#connections.push(connection);
    socket.open();
    this.#tell(connection, this.#hello(member, head, reset));
    if (after < this.oldest - 1)
      this.#tell(connection, { type: "gap", from: after + 1, to: this.oldest - 1 });
    for (const entry of this.served(Math.max(after, this.oldest - 1))) this.#tell(connection, entry);
  }

  /** Refuse a socket's credential (H4). */
  refuse(socket: PipedSocket, reason: string): void {
    socket.open();
    socket.hear(JSON.stringify({ type: "error", code: "unauthenticated", message: "no", reason }));
    socket.cut(4401);
  }

  /** Handle the first frame that the client has sent. */
  flushUp(socket: PipedSocket): void {
    const frame = socket.up.shift();
    const connection = this.#connections.find((one) => one.socket === socket);
    if (frame === undefined || connection === undefined) return;
    for (const { text } of readFrame(frame)) this.#take(connection, JSON.parse(text) as Command);
  }

  /** Return the entries after `after` as they are served now, with edits and deletes applied (S9). */
  served(after: number, before = Number.POSITIVE_INFINITY): Entry[] {
    return this.entries.filter(({ seq }) => seq > after && seq < before && seq >= this.oldest);
  }

  page(before: number, limit: number): object {
    return {
      entries: this.served(0, before).slice(-limit),
      head: this.entries.length,
      oldest: this.oldest,
      log: this.log,
    };
  }

  prune(oldest: number): void {
    this.oldest = Math.max(this.oldest, Math.min(oldest, this.entries.length));
  }

  /** Begin another log, as after a lost database. */
  begin(log: string): void {
    this.log = log;
    this.entries = [];
    this.oldest = 1;
    this.#acked.clear();
    this.#connections = [];
  }

  /**
   * Lose the last entries without a new id, as a restored copy does; all connections end. Messages keep the state that
   * lost edits and deletes gave them.
   */
  lose(count: number): void {
    this.entries.length = Math.max(0, this.entries.length - count);
    for (const [id, seq] of this.#acked) if (seq > this.entries.length) this.#acked.delete(id);
    this.#connections = [];
    for (const socket of this.sockets) socket.cut();
  }

  #hello(member: string, head: number, reset: boolean): Hello {
    const you = { id: member, name: member, can: ["read", "write"] as const };
    const limits = { body_bytes: 1000, sends_per_s: 0, burst: 0 };
    const { log, oldest } = this;
    return {
      type: "hello",
      item: "foo",
      log,
      head,
      oldest,
      reset,
      you,
      limits,
      members: [],
      count: 1,
      reads: {},
      expires: null,
      now: Date.now(),
    };
  }

  #take(connection: Connection, command: Command): void {
    if (command.type === "ping") this.#tell(connection, { type: "pong" });
    if (command.type !== "send" && command.type !== "edit" && command.type !== "delete") return;
    const known = this.#acked.get(`${connection.member} ${command.id}`);
    const refusal = known === undefined ? this.refusals.shift() : undefined;
    if (refusal !== undefined) {
      this.#tell(connection, { type: "error", message: "as the test wants it", id: command.id, ...refusal });
      return;
    }
    const seq = known ?? this.#append(connection.member, command);
    if (seq === null)
      this.#tell(connection, { type: "error", code: "invalid", message: "no such target", id: command.id });
    else
      this.#tell(connection, {
        type: "ack",
        id: command.id,
        seq,
        at: this.entries[seq - 1]?.at ?? 0,
        duplicate: known !== undefined,
      });
  }

  #append(member: string, command: Send | Edit | Delete): number | null {
    const seq = this.entries.length + 1;
    const at = this.appended.length + 1;
    const own = { type: "entry", seq, id: command.id, by: { id: member, name: member }, at } as const;
    let entry: Entry = { ...own, kind: "message", ...(command.type === "send" && { body: command.body }) };
    if (command.type !== "send") {
      const target = this.entries[command.target - 1];
      if (target?.kind !== "message" || target.deleted !== undefined || target.by.id !== member) return null;
      if (command.type === "edit") {
        entry = { ...own, kind: "edit", target: command.target, body: command.body };
        this.entries[command.target - 1] = { ...target, body: command.body, edited: at };
      } else {
        entry = { ...own, kind: "delete", target: command.target };
        this.#erase(target, at);
      }
    }
    this.entries.push(entry);
    this.appended.push({ log: this.log, entry });
    this.#acked.set(`${member} ${command.id}`, seq);
    for (const connection of this.#connections) if (!connection.socket.over) this.#tell(connection, entry);
    return seq;
  }

  #erase(target: MessageEntry, at: number): void {
    const { body: _, edited: ___, ...rest } = target;
    this.entries[target.seq - 1] = { ...rest, deleted: at };
    this.entries = this.entries.map((entry) => {
      if (entry.kind !== "edit" || entry.target !== target.seq) return entry;
      const { body: __, ...bare } = entry;
      return bare;
    });
  }

  #tell({ socket }: Connection, line: ServerLine): void {
    socket.down.push(JSON.stringify(line));
  }
}
