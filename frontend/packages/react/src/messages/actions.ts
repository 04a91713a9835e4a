// The actions that a member may take on a message.
import type { Message } from "alcove-client";

export type MessageActions = {
  /** Whether the member may send messages. */
  readonly mayWrite: boolean;
  /** Whether the member may delete the messages of others. */
  readonly canModerate: boolean;
  /** Returns the address of a message; without it there is no link to copy. */
  readonly messageHref: ((seq: number) => string) | undefined;
  /** Open the message for editing, in place; `fromComposer`: by a key in the composer. */
  readonly onEdit: (message: Message, fromComposer?: boolean) => void;
  /** Delete the message; for a few seconds `onDiscard` undoes that. */
  readonly onDelete: (message: Message) => void;
  readonly onRetry: (message: Message) => void;
  /** Remove a message that is not sent, or take back a pending edit or delete. */
  readonly onDiscard: (message: Message) => void;
};

/** Whether a message is in the log, unchanged: then it can be edited, deleted, and linked to. */
export function isInLog({ seq, deletedAt, delivery }: Message): boolean {
  return seq !== null && deletedAt === null && delivery === "sent";
}
