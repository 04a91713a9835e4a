// The message that the member is editing in place: one of the log, or a failed one that is written again.
import type { Json, Message, Room } from "alcove-client";
import { useCallback, useState } from "react";

/** `isJson`: the body is not a string, and stays what it is. */
type Text = { readonly text: string; readonly isJson: boolean };

export type Editing = Text &
  ({ readonly type: "edit"; readonly seq: number } | { readonly type: "retry" }) & {
    /** The id of the message. */
    readonly id: string;
    /** The log that the message is of, and its text before the edit. */
    readonly log: string | null;
    readonly before: string;
    /** Whether ↑ in the composer opened it: there the focus goes back to. */
    readonly fromComposer: boolean;
  };

/** `log`: the one whose messages are on screen. */
export function useEditing(room: Room, log: string | null) {
  const [editing, setEditing] = useState<Editing | null>(null);

  const begin = useCallback(
    ({ seq, id, body, delivery, failedChange }: Message, fromComposer = false) => {
      const text = textOf(failedChange?.type === "edit" ? failedChange.body : body);
      const isRetry = delivery === "failed" || seq === null;
      const way = isRetry ? ({ type: "retry" } as const) : ({ type: "edit", seq } as const);
      setEditing({ ...text, ...way, id, log, before: text.text, fromComposer });
    },
    [log],
  );

  const change = useCallback(
    (text: string) => setEditing((before) => (before === null ? null : { ...before, text })),
    [],
  );

  const cancel = useCallback(() => setEditing(null), []);

  const save = useCallback(() => {
    if (editing === null || !isOf(editing, room.getState().log)) return;
    if (editing.type === "edit") room.edit(editing.seq, bodyOf(editing));
    else room.retry(editing.id, bodyOf(editing));
    setEditing(null);
  }, [room, editing]);

  return { editing, begin, change, cancel, save };
}

/** Whether the message is one of `log`; one that is not sent yet is of no log. */
export function isOf(editing: Editing, log: string | null): boolean {
  return editing.type === "retry" || editing.log === log;
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
