// The promises of delivery: what became of each command that this page has put into the outbox.
import { CommandError } from "../connection/pending";
import type { Draft } from "./drafts";

/** Called when a command is durable at `seq`, or fails with an error. */
export type Outcome = {
  readonly resolve: (draft: Draft, seq: number) => void;
  readonly reject: (error: CommandError) => void;
};

export class Outcomes {
  readonly #waiting = new Map<string, Outcome>();

  add(id: string, outcome: Outcome): void {
    this.#waiting.set(id, outcome);
  }

  resolve(draft: Draft, seq: number): void {
    this.#waiting.get(draft.id)?.resolve(draft, seq);
    this.#waiting.delete(draft.id);
  }

  reject(id: string, error: CommandError): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }

  /** Reject all outcomes, which will not be known any more. */
  abandon(code: string, message: string): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, new CommandError(code, message));
  }
}
