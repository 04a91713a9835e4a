// What is being written in a room: a new message, an own one rewritten, or a refused one mended.

import type { Json, Room, RoomView, World } from "alcove-client";
import { lastOwn, useDraft } from "alcove-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { MessageActions } from "../messages/Message";

/** `json`: the body is no string, and is to stay what it is. */
type Words = { readonly text: string; readonly json: boolean };
type Rewriting = Words &
  ({ readonly of: "entry"; readonly seq: number } | { readonly of: "draft"; readonly id: string });

export function useWriting(room: Room, view: RoomView, notes: Pick<World, "notes" | "tabNotes">) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useDraft(view.key, notes);
  const [rewriting, setRewriting] = useState<Rewriting | null>(null);
  /** The draft stands in the field again after an edit, and nobody has touched it since. */
  const [draftIsBack, setDraftIsBack] = useState(false);
  const [wishes, setWishes] = useState(0);
  const toNewest = useCallback(() => setWishes((count) => count + 1), []);

  const { mayChange } = view;
  const { begin, actions } = useMemo(() => {
    const begin = (what: Rewriting) => {
      setRewriting(what);
      field.current?.focus();
    };
    const actions: MessageActions = {
      mayChange,
      onEdit: ({ seq, body }) => begin({ of: "entry", seq, ...wordsOf(body) }),
      onDelete: ({ seq }) => {
        room.delete(seq);
        field.current?.focus();
      },
      onRetry: ({ id }) => {
        room.retry(id);
        field.current?.focus();
      },
      onRewrite: ({ id, command }) =>
        begin({ of: "draft", id, ...wordsOf(command.type === "delete" ? "" : command.body) }),
      onDiscard: ({ id }) => {
        room.discard(id);
        field.current?.focus();
      },
    };
    return { begin, actions };
  }, [room, mayChange]);

  function submit() {
    if (rewriting === null) {
      room.send(draft);
      setDraft("");
      toNewest();
    } else {
      if (rewriting.of === "entry") room.edit(rewriting.seq, bodyOf(rewriting));
      else room.retry(rewriting.id, bodyOf(rewriting));
      setDraftIsBack(draft.trim() !== "");
    }
    setRewriting(null);
  }

  function change(text: string) {
    if (rewriting === null) setDraft(text);
    else setRewriting({ ...rewriting, text });
    setDraftIsBack(false);
    if (text !== "") room.typing();
  }

  function editLast() {
    const last = lastOwn(view);
    if (last?.is === "entry" && mayChange) begin({ of: "entry", seq: last.entry.seq, ...wordsOf(last.body) });
    else if (last?.is === "refused") actions.onRewrite(last.draft);
  }

  const composer = {
    field,
    text: rewriting?.text ?? draft,
    editing: rewriting !== null,
    draftIsBack: draftIsBack && rewriting === null && draft !== "",
    onText: change,
    onTouch: () => setDraftIsBack(false),
    onSubmit: submit,
    onCancel: () => {
      setRewriting(null);
      field.current?.focus();
    },
    onLast: editLast,
    onEnd: toNewest,
  };
  return { field, actions, composer, toNewest, wishes };
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
