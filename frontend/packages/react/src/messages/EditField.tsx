// Edits a message in place.

import { byteLength } from "alcove-client";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { SizeLeft } from "../composer/Composer";
import { isComposing } from "../composer/keys";
import type { Editor } from "../composer/useWriting";
import { useAlcoveContext } from "../provider";
import styles from "./EditField.module.css";

type EditFieldProps = { readonly editor: Editor; readonly text: string; readonly fromComposer: boolean };

export default function EditField({ editor, text, fromComposer }: EditFieldProps) {
  const { t } = useAlcoveContext();
  const { limit, onText, onSave, onCancel, focusComposer } = editor;
  const field = useRef<HTMLTextAreaElement>(null);
  const tooLong = limit !== null && byteLength(JSON.stringify(text)) > limit;
  const canSave = text.trim() !== "" && !tooLong;

  useEffect(() => {
    const { current } = field;
    current?.focus();
    current?.setSelectionRange(current.value.length, current.value.length);
  }, []);

  function finish(act: () => void) {
    const message = field.current?.closest("article");
    act();
    if (fromComposer && focusComposer()) return;
    // Another Enter, pressed by mistake, sends nothing there.
    message?.focus();
  }

  function onKey(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Escape") finish(onCancel);
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (canSave && !event.repeat) finish(onSave);
    }
    // Arrows move within the text, not through the messages.
    event.stopPropagation();
  }

  return (
    <div className={styles.edit}>
      <div className={styles.field} data-text={text}>
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t("message.editText")}
          aria-invalid={tooLong}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={onKey}
        />
      </div>
      <div className={styles.buttons}>
        <button type="button" aria-disabled={!canSave} onClick={() => canSave && finish(onSave)}>
          {t("message.save")}
        </button>
        <button type="button" onClick={() => finish(onCancel)}>
          {t("message.cancel")}
        </button>
        <SizeLeft text={text} limit={limit} />
      </div>
    </div>
  );
}
