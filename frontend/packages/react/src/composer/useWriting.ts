// What the member is writing in a room: a new message, an edit, or a failed message that is written again.

import type { Json, Message, Room, RoomState } from "alcove-client";
import { useCallback, useMemo, useRef, useState } from "react";
import type { MessageActions } from "../messages/Message";
import { lastOwn } from "./lastOwn";
import { useDraft } from "./useDraft";

/** `isJson`: the body is not a string, and stays what it is. */
type Text = { readonly text: string; readonly isJson: boolean };
type Editing = Text &
  ({ readonly type: "edit"; readonly seq: number } | { readonly type: "retry"; readonly id: string });

export function useWriting(room: Room, state: RoomState) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useDraft(room, state);
  const [editing, setEditing] = useState<Editing | null>(null);
  /** The draft is in the field again after an edit, and has not been touched since. */
  const [draftIsBack, setDraftIsBack] = useState(false);
  const [endRequests, setEndRequests] = useState(0);
  const scrollToEnd = useCallback(() => setEndRequests((count) => count + 1), []);

  const canChange = state.transport !== "events";
  const { begin, actions } = useMemo(() => {
    const begin = ({ seq, id, body, delivery }: Message) => {
      const text = textOf(body);
      setEditing(
        delivery === "failed" || seq === null
          ? { type: "retry", id, ...text }
          : { type: "edit", seq, ...text },
      );
      field.current?.focus();
    };
    const thenFocus = (act: () => void) => {
      act();
      // The button that was pressed goes away.
      field.current?.focus();
    };
    const actions: MessageActions = {
      canChange,
      onEdit: begin,
      onDelete: ({ seq }) => thenFocus(() => seq !== null && room.delete(seq)),
      onRetry: ({ id }) => thenFocus(() => room.retry(id)),
      onDiscard: ({ id }) => thenFocus(() => room.discard(id)),
    };
    return { begin, actions };
  }, [room, canChange]);

  function submit() {
    if (editing === null) {
      room.send(draft);
      setDraft("");
      scrollToEnd();
    } else {
      if (editing.type === "edit") room.edit(editing.seq, bodyOf(editing));
      else room.retry(editing.id, bodyOf(editing));
      setDraftIsBack(draft.trim() !== "");
    }
    setEditing(null);
  }

  function change(text: string) {
    if (editing === null) setDraft(text);
    else setEditing({ ...editing, text });
    setDraftIsBack(false);
    if (text !== "") room.startTyping();
  }

  function editLast() {
    const last = lastOwn(state);
    if (last !== null && (canChange || last.delivery === "failed")) begin(last);
  }

  const composer = {
    field,
    text: editing?.text ?? draft,
    editing: editing !== null,
    draftIsBack: draftIsBack && editing === null && draft !== "",
    onText: change,
    onTouch: () => setDraftIsBack(false),
    onSubmit: submit,
    onCancel: () => {
      setEditing(null);
      field.current?.focus();
    },
    onEditLast: editLast,
    onEnd: scrollToEnd,
  };
  return { field, actions, composer, scrollToEnd, endRequests };
}

function textOf(body: Json): Text {
  if (typeof body === "string") return { text: body, isJson: false };
  return { text: JSON.stringify(body, null, 2), isJson: true };
}

/** Text that is not JSON any more is sent as a string. */
function bodyOf({ text, isJson }: Text): Json {
  try {
    return isJson ? (JSON.parse(text) as Json) : text;
  } catch {
    return text;
  }
}
