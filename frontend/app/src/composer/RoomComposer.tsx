// Where a room's messages are written and one's own rewritten: it takes words whatever the connection does.

import type { Status } from "alcove-client";
import { byteLength } from "alcove-client";
import { isComposing } from "alcove-react";
import { type FormEvent, type KeyboardEvent, type RefObject, useId } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "../tutorial/Composer.module.css";
import { Button } from "../ui/Button";

/** From so much of the limit on, what is left is told. */
const NEAR = 0.8;

type RoomComposerProps = {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly status: Status;
  /** Whether the member may write here; unknown counts as yes. */
  readonly mayWrite: boolean;
  /** Bytes that a body may have; null while unknown. */
  readonly limit: number | null;
  readonly text: string;
  readonly editing: boolean;
  /** A draft stands here again after an edit: an Enter that was meant for the edit must not send it. */
  readonly draftIsBack: boolean;
  /** The field was touched other than by Enter. */
  readonly onTouch: () => void;
  readonly onText: (text: string) => void;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  /** ↑ in an empty field: the last own message is wanted. */
  readonly onLast: () => void;
  /** End in an empty field: the newest message is wanted. */
  readonly onEnd: () => void;
};

export function RoomComposer(props: RoomComposerProps) {
  const { field, status, mayWrite, limit, text, editing, draftIsBack } = props;
  const { onTouch, onText, onSubmit, onCancel, onLast, onEnd } = props;
  const { t } = useTranslation();
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
      // A key that is held down speaks once.
      if (!draftIsBack && !event.repeat) submit();
      return;
    }
    onTouch();
    if (event.key === "Escape" && editing) onCancel();
    else if (event.key === "ArrowUp" && text === "" && !editing && mayWrite) {
      event.preventDefault();
      onLast();
    } else if (event.key === "End" && text === "") {
      event.preventDefault();
      onEnd();
    }
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <p className={styles.label}>
        <label htmlFor={id}>{t("message")}</label>
        {editing && <span className={styles.editing}>{` · ${t("room.editing")}`}</span>}
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
        {editing && <Button onClick={onCancel}>{t("room.cancel")}</Button>}
        <Button type="submit" weight="strong" aria-disabled={tooLong || !mayWrite}>
          {t("send")}
        </Button>
      </div>
      <p id={`${id}-note`} className={styles.note}>
        <span>{t(noteFor(status, mayWrite, editing, draftIsBack))}</span>
        {near && (
          <span className={tooLong ? styles.over : undefined}>
            {` ${tooLong ? t("room.over", { count: size - limit }) : t("room.left", { count: (limit ?? 0) - size })}`}
          </span>
        )}
      </p>
    </form>
  );
}

function isModifier(key: string): boolean {
  return key === "Shift" || key === "Control" || key === "Alt" || key === "Meta";
}

function noteFor(status: Status, mayWrite: boolean, editing: boolean, draftIsBack: boolean) {
  if (!mayWrite) return "room.readOnly";
  if (draftIsBack) return "room.draftBack";
  if (status.is === "noAccess" || status.is === "ended") return "room.shutNote";
  if (status.is !== "live") return "room.keptNote";
  return editing ? "room.editKeys" : "keys";
}
