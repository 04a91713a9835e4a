// The messages of a room: those of the log, with pending edits and deletes applied, then those that are not there yet.
import type { Person } from "../protocol/wire.gen";
import { type Draft, LOG_RESET } from "./drafts";
import type { Message } from "./state";
import type { ShownEntry } from "./timeline";

const nobody: Person = { id: "", name: "" };

/** Build the list of messages; a message is the same object until it changes. */
export class MessageList {
  #entries = new WeakMap<ShownEntry, Message>();
  #changed = new WeakMap<ShownEntry, { readonly draft: Draft; readonly message: Message }>();
  #drafts = new WeakMap<Draft, { readonly author: Person; readonly message: Message }>();

  /** `me`: the author of drafts; null before `hello`. */
  build(entries: readonly ShownEntry[], drafts: readonly Draft[], me: Person | null): readonly Message[] {
    const changes = new Map<number, Draft>();
    const own: Message[] = [];
    const author = me ?? nobody;
    for (const draft of drafts) {
      if (draft.command.type === "send" || isOrphan(draft)) own.push(this.#ofDraft(draft, author));
      else changes.set(draft.command.target, draft);
    }
    const messages = entries.map((entry) => this.#ofEntry(entry, changes.get(entry.seq)));
    return [...messages, ...own];
  }

  #ofEntry(entry: ShownEntry, change: Draft | undefined): Message {
    if (change === undefined) {
      const known = this.#entries.get(entry);
      if (known !== undefined) return known;
      const message = messageOf(entry);
      this.#entries.set(entry, message);
      return message;
    }
    const known = this.#changed.get(entry);
    if (known?.draft === change) return known.message;
    const message = { ...changed(messageOf(entry), change), ...deliveryOf(change) };
    this.#changed.set(entry, { draft: change, message });
    return message;
  }

  #ofDraft(draft: Draft, author: Person): Message {
    const known = this.#drafts.get(draft);
    if (known?.author === author) return known.message;
    const message = messageOfDraft(draft, author);
    this.#drafts.set(draft, { author, message });
    return message;
  }
}

/** The message that an entry of the log is. */
export function messageOf(entry: ShownEntry): Message {
  const { seq, kind, id, by, at, body } = entry;
  const { edited, deleted } = entry.kind === "message" ? entry : { edited: null, deleted: null };
  return {
    seq,
    kind,
    id,
    author: by,
    at,
    body: body ?? null,
    editedAt: edited ?? null,
    deletedAt: deleted ?? null,
    delivery: "sent",
    error: null,
    failedChange: null,
  };
}

/** The message that a draft becomes; for an edit or delete without its target, the change itself. */
export function messageOfDraft(draft: Draft, author: Person): Message {
  const { id, command, at, progress } = draft;
  return {
    seq: progress.is === "sent" && command.type === "send" ? progress.seq : null,
    kind: "message",
    id,
    author,
    at,
    body: command.type === "delete" ? null : command.body,
    editedAt: command.type === "edit" ? at : null,
    deletedAt: command.type === "delete" ? at : null,
    ...deliveryOf(draft),
    failedChange: null,
  };
}

/** The message with a pending change applied; a change that failed is beside the message. */
function changed(message: Message, draft: Draft): Message {
  const { command, progress } = draft;
  if (progress.is !== "refused" || command.type === "send") return applied(message, draft);
  const failedChange =
    command.type === "edit" ? { type: command.type, body: command.body } : { type: command.type };
  return { ...message, failedChange };
}

/** The message after a change that is pending. */
export function applied(message: Message, { command, at }: Draft): Message {
  if (message.deletedAt !== null || command.type === "send") return message;
  if (command.type === "delete") return { ...message, body: null, editedAt: null, deletedAt: at };
  return { ...message, body: command.body, editedAt: at };
}

function deliveryOf({ progress }: Draft): Pick<Message, "delivery" | "error"> {
  if (progress.is === "waiting") return { delivery: "queued", error: null };
  if (progress.is === "sent") return { delivery: "sent", error: null };
  return { delivery: "failed", error: { code: progress.code, message: progress.message } };
}

/** A change whose message was lost with its log, so that it cannot be applied. */
function isOrphan({ progress }: Draft): boolean {
  return progress.is === "refused" && progress.code === LOG_RESET;
}
