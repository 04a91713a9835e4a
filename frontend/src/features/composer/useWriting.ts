// What is being written in a room: a new message, an own one rewritten, or a refused one mended.
import { useMemo, useRef, useState } from "react";
import type { Draft } from "../../client/outbox";
import type { Json, MessageEntry } from "../../client/protocol.gen";
import type { Room } from "../../client/room";
import type { RoomView } from "../../client/roomView";
import type { World } from "../../client/world";
import type { MessageActions } from "../messages/Message";
import { useDraft } from "./draft";

/** `json`: the body is no string, and is to stay what it is. */
type Words = { readonly text: string; readonly json: boolean };
type Rewriting = Words &
  ({ readonly of: "entry"; readonly seq: number } | { readonly of: "draft"; readonly id: string });

export function useWriting(room: Room, view: RoomView, notes: Pick<World, "notes" | "tabNotes">) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useDraft(view.key, notes);
  const [rewriting, setRewriting] = useState<Rewriting | null>(null);

  const { mayChange } = view;
  const actions = useMemo<MessageActions>(() => {
    const begin = (what: Rewriting) => {
      setRewriting(what);
      field.current?.focus();
    };
    return {
      mayChange,
      onEdit: ({ seq, body }) => begin({ of: "entry", seq, ...wordsOf(body) }),
      onDelete: ({ seq }) => {
        room.delete(seq);
        field.current?.focus();
      },
      onRetry: ({ id }) => room.retry(id),
      onRewrite: ({ id, command }) =>
        begin({ of: "draft", id, ...wordsOf(command.type === "delete" ? "" : command.body) }),
      onDiscard: ({ id }) => room.discard(id),
    };
  }, [room, mayChange]);

  function submit() {
    if (rewriting === null) {
      room.send(draft);
      setDraft("");
    } else if (rewriting.of === "entry") room.edit(rewriting.seq, bodyOf(rewriting));
    else room.retry(rewriting.id, bodyOf(rewriting));
    setRewriting(null);
  }

  function change(text: string) {
    if (rewriting === null) setDraft(text);
    else setRewriting({ ...rewriting, text });
    if (text !== "") room.typing();
  }

  const composer = {
    field,
    text: rewriting?.text ?? draft,
    editing: rewriting !== null,
    onText: change,
    onSubmit: submit,
    onCancel: () => setRewriting(null),
    onLast: () => {
      const last = lastOwn(view);
      if (last?.type === "entry" && mayChange) actions.onEdit(last);
      else if (last?.type === "draft" && last.progress.is === "refused") actions.onRewrite(last);
    },
  };
  return { field, actions, composer };
}

function wordsOf(body: Json | undefined): Words {
  if (body === undefined || typeof body === "string") return { text: body ?? "", json: false };
  return { text: JSON.stringify(body, null, 2), json: true };
}

/** What is no JSON any more is words. */
function bodyOf({ text, json }: Words): Json {
  try {
    return json ? (JSON.parse(text) as Json) : text;
  } catch {
    return text;
  }
}

function lastOwn({ rows, me }: RoomView): MessageEntry | Draft | undefined {
  const last = rows.findLast((row) => {
    if (row.type === "draft") return row.progress.is === "refused";
    return row.type === "entry" && row.by.id === me?.id && row.deleted === undefined;
  });
  return last?.type === "entry" || last?.type === "draft" ? last : undefined;
}
