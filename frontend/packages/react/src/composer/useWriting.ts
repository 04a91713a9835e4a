// What the member writes in a room: a new message below, or an edit in place.

import type { Room, RoomState } from "alcove-client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { MessageActions } from "../messages/actions";
import { lastOwn } from "./lastOwn";
import { useDraft } from "./useDraft";
import { isOf, useEditing } from "./useEditing";

/** How long a delete waits in the outbox, so that it can be taken back, in ms. */
const UNDO_MS = 5000;

type WritingOptions = { readonly messageHref?: ((seq: number) => string) | undefined };

export function useWriting(room: Room, state: RoomState, { messageHref }: WritingOptions) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useDraft(room, state);
  const { log } = state;
  const { editing, begin, change, cancel, save } = useEditing(room, log);
  const [endRequests, setEndRequests] = useState(0);
  const scrollToEnd = useCallback(() => setEndRequests((count) => count + 1), []);

  const canModerate = state.me?.can.includes("moderate") ?? false;
  const mayWrite = mayWriteIn(state);
  const actions = useMemo<MessageActions>(
    () => ({
      mayWrite,
      canModerate,
      messageHref,
      onEdit: begin,
      onDelete: ({ seq }) => {
        // What is on screen may be of a log that was replaced a moment ago (rule R5).
        if (seq !== null && room.getState().log === log) room.delete(seq, { afterMs: UNDO_MS });
      },
      onRetry: ({ id }) => room.retry(id),
      onDiscard: ({ id }) => room.discard(id),
    }),
    [room, log, begin, mayWrite, canModerate, messageHref],
  );

  useEffect(() => {
    if (editing === null || isOf(editing, log)) return;
    // The message is gone with its log, and its number is another one's; what was written of the edit is not lost.
    cancel();
    if (editing.text !== editing.before) setDraft(draft === "" ? editing.text : `${draft}\n${editing.text}`);
  });

  function submit() {
    room.send(draft);
    setDraft("");
    scrollToEnd();
  }

  function write(text: string) {
    setDraft(text);
    if (text !== "") room.startTyping();
  }

  function editLast() {
    const last = lastOwn(state);
    if (last !== null) begin(last, true);
  }

  const composer = {
    field,
    text: draft,
    onText: write,
    onSubmit: submit,
    onEditLast: editLast,
    onEnd: scrollToEnd,
  };
  const editor = useMemo(
    () => ({
      editing,
      limit: state.limits?.body_bytes ?? null,
      onText: (text: string) => {
        change(text);
        room.startTyping();
      },
      onSave: save,
      onCancel: cancel,
      /** False where something is written there: another Enter, pressed by mistake, would send it. */
      focusComposer: () => {
        if (field.current === null || field.current.value !== "") return false;
        field.current.focus();
        return true;
      },
    }),
    [editing, state.limits, change, save, cancel, room],
  );
  return { field, actions, composer, editor, mayWrite, scrollToEnd, endRequests };
}

export type Editor = ReturnType<typeof useWriting>["editor"];

/** A connection over events may only read; the member's rights over HTTP are not part of it. */
function mayWriteIn({ transport, me }: RoomState): boolean {
  return transport === "events" || me === null || me.can.includes("write");
}
