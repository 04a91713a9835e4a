// The field for writing messages; it accepts text in every state of the connection.

import { byteLength } from "alcove-client";
import type { FormEvent, KeyboardEvent, ReactNode, RefObject } from "react";
import { EmojiButton } from "../emoji/EmojiButton";
import { Icon } from "../lib/Icon";
import { SEND } from "../lib/icons";
import { useAlcoveContext } from "../provider";
import styles from "./Composer.module.css";
import { isComposing } from "./keys";

/** From this part of the size limit on, the remaining size is shown. */
const NEAR = 0.8;

export type ComposerProps = {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** What the room is called, for the placeholder. */
  readonly title: string;
  /** Bytes that a body may have; null while unknown. */
  readonly limit: number | null;
  readonly text: string;
  /** Shown above the field: what the member is doing to another message. */
  readonly strip: ReactNode;
  readonly onText: (text: string) => void;
  readonly onSubmit: () => void;
  /** ↑ was pressed in an empty field. */
  readonly onEditLast: () => void;
  /** End was pressed in an empty field. */
  readonly onEnd: () => void;
};

export function Composer(props: ComposerProps) {
  const { field, title, limit, text, strip, onText, onSubmit, onEditLast, onEnd } = props;
  const { t } = useAlcoveContext();
  const placeholder = t("composer.placeholder", { title });
  const tooLong = limit !== null && byteLength(JSON.stringify(text)) > limit;
  const canSend = text.trim() !== "" && !tooLong;

  function submit(event?: FormEvent) {
    event?.preventDefault();
    field.current?.focus();
    if (canSend) onSubmit();
  }

  function onKey(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      // A key that is held down sends once.
      if (!event.repeat) submit();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      onEditLast();
    } else if (event.key === "End" && text === "") {
      event.preventDefault();
      onEnd();
    }
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      {strip}
      <div className={styles.box}>
        <div className={styles.field} data-text={text}>
          <textarea
            ref={field}
            rows={1}
            value={text}
            placeholder={placeholder}
            aria-label={placeholder}
            aria-invalid={tooLong}
            enterKeyHint="send"
            onChange={(event) => onText(event.target.value)}
            onKeyDown={onKey}
          />
        </div>
        <EmojiButton field={field} onText={onText} />
        <button
          type="submit"
          className={styles.send}
          aria-label={t("composer.send")}
          aria-disabled={!canSend}
        >
          <Icon path={SEND} size={18} />
        </button>
      </div>
    </form>
  );
}

type SizeLeftProps = { readonly text: string; readonly limit: number | null };

/** How much more fits into a message; nothing while that is a lot. */
export function SizeLeft({ text, limit }: SizeLeftProps) {
  const { t } = useAlcoveContext();
  if (limit === null) return null;
  const left = limit - byteLength(JSON.stringify(text));
  if (left > limit * (1 - NEAR)) return null;
  return (
    <span className={left < 0 ? styles.over : undefined} aria-live="polite">
      {left < 0 ? t("composer.over", { count: -left }) : t("composer.left", { count: left })}
    </span>
  );
}
