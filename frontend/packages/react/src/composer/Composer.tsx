// Where messages are written and own ones edited; it accepts text whatever the connection does.

import { byteLength, type RoomState } from "alcove-client";
import { type FormEvent, type KeyboardEvent, type RefObject, useId } from "react";
import { useAlcoveContext } from "../provider";
import styles from "./Composer.module.css";
import { isComposing } from "./keys";

/** From this part of the size limit on, the remaining size is shown. */
const NEAR = 0.8;

export type ComposerProps = {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly status: RoomState["status"];
  /** Whether the member may write here; unknown counts as yes. */
  readonly mayWrite: boolean;
  /** Bytes that a body may have; null while unknown. */
  readonly limit: number | null;
  readonly text: string;
  readonly editing: boolean;
  /** The draft is back after an edit: an Enter that was meant for the edit must not send it. */
  readonly draftIsBack: boolean;
  /** The field was touched other than by Enter. */
  readonly onTouch: () => void;
  readonly onText: (text: string) => void;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  /** ↑ was pressed in an empty field. */
  readonly onEditLast: () => void;
  /** End was pressed in an empty field. */
  readonly onEnd: () => void;
};

export function Composer(props: ComposerProps) {
  const { field, status, mayWrite, limit, text, editing, draftIsBack } = props;
  const { onTouch, onText, onSubmit, onCancel, onEditLast, onEnd } = props;
  const { t } = useAlcoveContext();
  const id = useId();
  const size = byteLength(JSON.stringify(text));
  const tooLong = limit !== null && size > limit;
  const near = limit !== null && size > limit * NEAR;

  function submit(event?: FormEvent) {
    event?.preventDefault();
    field.current?.focus();
    if (text.trim() !== "" && !tooLong && mayWrite) onSubmit();
  }

  function onKey(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent) || isModifier(event.key)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      // A key that is held down sends once.
      if (!draftIsBack && !event.repeat) submit();
      return;
    }
    onTouch();
    if (event.key === "Escape" && editing) onCancel();
    else if (event.key === "ArrowUp" && text === "" && !editing && mayWrite) {
      event.preventDefault();
      onEditLast();
    } else if (event.key === "End" && text === "") {
      event.preventDefault();
      onEnd();
    }
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <p className={styles.label}>
        <label htmlFor={id}>{t("composer.message")}</label>
        {editing && <span className={styles.editing}>{` · ${t("composer.editing")}`}</span>}
      </p>
      <textarea
        ref={field}
        id={id}
        className={styles.draft}
        rows={1}
        value={text}
        readOnly={!mayWrite}
        aria-describedby={`${id}-note`}
        aria-invalid={tooLong}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKey}
        onPointerDown={onTouch}
      />
      <div className={styles.buttons}>
        {editing && (
          <button type="button" className={styles.button} onClick={onCancel}>
            {t("composer.cancel")}
          </button>
        )}
        <button
          type="submit"
          className={`${styles.button} ${styles.send}`}
          aria-disabled={tooLong || !mayWrite}
        >
          {t("composer.send")}
        </button>
      </div>
      <p id={`${id}-note`} className={styles.note}>
        <span>{t(noteFor(status, mayWrite, editing, draftIsBack))}</span>
        {near && (
          <span className={tooLong ? styles.over : undefined}>
            {` ${tooLong ? t("composer.over", { count: size - limit }) : t("composer.left", { count: (limit ?? 0) - size })}`}
          </span>
        )}
      </p>
    </form>
  );
}

function isModifier(key: string): boolean {
  return key === "Shift" || key === "Control" || key === "Alt" || key === "Meta";
}

function noteFor(status: RoomState["status"], mayWrite: boolean, editing: boolean, draftIsBack: boolean) {
  if (!mayWrite) return "composer.readOnly";
  if (draftIsBack) return "composer.draftBack";
  if (status === "noAccess" || status === "ended" || status === "signedOut") return "composer.noAccess";
  if (status !== "live") return "composer.notLive";
  return editing ? "composer.editKeys" : "composer.keys";
}
