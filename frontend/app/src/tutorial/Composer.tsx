// Where a message is written. It sends only over an open socket, says so otherwise, and never drops the draft.

import { isComposing } from "alcove-react";
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import styles from "./Composer.module.css";
import type { SocketState } from "./plainSocket";

type ComposerProps = {
  readonly state: SocketState;
  readonly draft: string;
  readonly onDraft: (draft: string) => void;
  /** Send the draft; return false if it could not be sent. */
  readonly onSend: () => boolean;
};

export function Composer({ state, draft, onDraft, onSend }: ComposerProps) {
  const { t } = useTranslation();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [refusals, setRefusals] = useState(0);
  const open = state.is === "open";
  const note = open ? "keys" : state.is === "connecting" ? "stillConnecting" : "notConnected";

  function submit(event?: FormEvent) {
    event?.preventDefault();
    field.current?.focus();
    if (!open) setRefusals(refusals + 1);
    else if (draft !== "" && onSend()) setRefusals(0);
  }

  function sendOnEnter(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event.nativeEvent)) return;
    event.preventDefault();
    submit();
  }

  return (
    <form className={styles.composer} onSubmit={submit}>
      <label className={styles.label} htmlFor={id}>
        {t("message")}
      </label>
      <textarea
        ref={field}
        id={id}
        className={styles.draft}
        rows={1}
        value={draft}
        aria-describedby={`${id}-note`}
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={sendOnEnter}
      />
      <Button type="submit" weight="strong" aria-disabled={!open} aria-describedby={`${id}-note`}>
        {t("send")}
      </Button>
      <p
        id={`${id}-note`}
        // A new key puts a new element there, so that each attempt in vain is announced.
        key={open ? "keys" : refusals}
        role={!open && refusals > 0 ? "alert" : undefined}
        className={styles.note}
      >
        {t(note)}
      </p>
    </form>
  );
}
