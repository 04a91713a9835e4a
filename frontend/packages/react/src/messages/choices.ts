// What can be done with one message: the same in its toolbar, and on a touch screen in its sheet.
import type { Message } from "alcove-client";
import { COPY, DELETE, EDIT, LINK } from "../lib/icons";
import type { T } from "../strings/strings";
import { isInLog, type MessageActions } from "./actions";

export type Choice = {
  readonly key: "edit" | "copy" | "link" | "delete";
  readonly label: string;
  /** The path of its icon. */
  readonly icon: string;
  readonly act: () => void;
};

/** Return the choices in order; none for what is not in the log. */
export function choicesOf(message: Message, own: boolean, actions: MessageActions, t: T): Choice[] {
  const { seq, body } = message;
  if (!isInLog(message) || seq === null) return [];
  const { mayWrite, canModerate, messageHref, onEdit, onDelete } = actions;
  const choices: Choice[] = [];
  const add = (key: Choice["key"], icon: string, act: () => void) =>
    choices.push({ key, label: t(`message.${key}`), icon, act });
  if (own && mayWrite) add("edit", EDIT, () => onEdit(message));
  if (canCopy()) {
    add("copy", COPY, () => copy(typeof body === "string" ? body : JSON.stringify(body, null, 2)));
    if (messageHref !== undefined) add("link", LINK, () => copy(messageHref(seq)));
  }
  if ((own && mayWrite) || canModerate) add("delete", DELETE, () => onDelete(message));
  return choices;
}

/** Browsers offer the clipboard on secure pages only. */
export function canCopy(): boolean {
  return typeof navigator !== "undefined" && navigator.clipboard !== undefined;
}

/** Copy `text`; a browser that does not allow it shows a prompt or refuses. */
export function copy(text: string): void {
  navigator.clipboard.writeText(text).catch(() => undefined);
}
