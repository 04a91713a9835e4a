// Commands that the server has not answered yet.
import type { Ack, Error as ErrorLine } from "../protocol/wire.gen";

/** Why a command was not executed; `code` is the server's (S6, S7), or `disconnected`. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly code: string;
  /** When to try again, in ms; null if the server did not send it. */
  readonly retryMs: number | null;

  constructor(code: string, message: string, retryMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryMs = retryMs;
  }
}

type Waiting = { readonly resolve: (ack: Ack) => void; readonly reject: (error: CommandError) => void };

export class PendingCommands {
  readonly #waiting = new Map<string, Waiting>();

  /** Return a promise for the server's answer to the command of this id. */
  add(id: string): Promise<Ack> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Settle a command with the line that answers it. */
  settle(id: string, line: Ack | ErrorLine): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (line.type === "ack") waiting?.resolve(line);
    else waiting?.reject(new CommandError(line.code, line.message, line.retry_ms ?? null));
  }

  /** The connection was lost: it is unknown whether the server executed the commands. */
  disconnected(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting)
      reject(new CommandError("disconnected", "the connection was lost before the server answered"));
  }
}
