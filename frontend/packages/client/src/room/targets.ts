// Which message a change names: a log that lost entries assigns their numbers again.
import type { Command, Draft } from "./drafts";

/** What the tab holds of the log. */
export type HeldMessages = {
  /** Return the id of the message with this seq, null where it is not held. */
  readonly idOf: (seq: number) => string | null;
  /** Return the last seq that it holds; 0 where it holds none. */
  readonly end: () => number;
};

export const NONE_HELD: HeldMessages = { idOf: () => null, end: () => Number.POSITIVE_INFINITY };

/**
 * Return the id of the message that a command changes, which may be acked without being held yet; null: not known, since
 * it is in a page that is not loaded; "": it was lost meanwhile.
 */
export function targetIdOf(command: Command, drafts: readonly Draft[], held: HeldMessages): string | null {
  if (command.type === "send") return null;
  const { target } = command;
  const acked = drafts.find(({ progress }) => progress.is === "sent" && progress.seq === target);
  return held.idOf(target) ?? acked?.id ?? (target > held.end() ? "" : null);
}

/** Whether the draft changes a message that has not arrived; until it has, it is not known which one has its number. */
export function waitsForTarget({ command }: Draft, held: HeldMessages): boolean {
  return command.type !== "send" && command.target > held.end();
}

/** Whether the message that has the target's number is the one that the draft was written for, as far as is known. */
export function namesItsTarget({ command, targetId }: Draft, held: HeldMessages): boolean {
  if (command.type === "send" || targetId === null) return true;
  return targetId === (held.idOf(command.target) ?? targetId);
}
