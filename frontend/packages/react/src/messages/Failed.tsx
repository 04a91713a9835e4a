// A message, edit or delete that the server refused: why, and what can be done.

import { LOG_RESET, type Message } from "alcove-client";
import { Icon } from "../lib/Icon";
import { ALERT } from "../lib/icons";
import { useAlcoveContext } from "../provider";
import type { T } from "../strings/strings";
import type { MessageActions } from "./actions";
import { canCopy, copy } from "./choices";
import styles from "./Failed.module.css";

type FailedProps = { readonly message: Message; readonly actions: MessageActions };

export default function Failed({ message, actions }: FailedProps) {
  const { t } = useAlcoveContext();
  const { error, failedChange, deletedAt } = message;
  const text = failedChange?.type === "edit" ? failedChange.body : message.body;
  const shown = typeof text === "string" ? text : JSON.stringify(text, null, 2);
  const isGone = error?.code === LOG_RESET || (failedChange !== null && error?.code === "invalid");
  const canEdit = !isGone && deletedAt === null && failedChange?.type !== "delete";
  return (
    <div className={styles.failed}>
      <p className={styles.reason}>
        <Icon path={ALERT} />
        <span>{headline(message, t)}</span>
        <span>{reasonOf(message, t)}</span>
      </p>
      {failedChange?.type === "edit" && <blockquote className={styles.text}>{shown}</blockquote>}
      <div className={styles.ways}>
        {canEdit && (
          <button type="button" onClick={() => actions.onEdit(message)}>
            {t("message.edit")}
          </button>
        )}
        {!canEdit && text !== null && canCopy() && (
          <button type="button" onClick={() => copy(shown)}>
            {t("message.copy")}
          </button>
        )}
        {!isGone && canRetry(error?.code, actions.mayWrite) && (
          <button type="button" onClick={() => actions.onRetry(message)}>
            {t("message.retry")}
          </button>
        )}
        <button type="button" onClick={() => actions.onDiscard(message)}>
          {t("message.discard")}
        </button>
      </div>
    </div>
  );
}

/** Whether the same command may succeed when it is sent again: a text that is too long stays so. */
function canRetry(code: string | undefined, mayWrite: boolean): boolean {
  if (code === "forbidden") return mayWrite;
  return code !== "too_large" && code !== "invalid";
}

function headline({ failedChange }: Message, t: T): string {
  if (failedChange === null) return t("message.notSent");
  return t(failedChange.type === "edit" ? "message.notEdited" : "message.notDeleted");
}

/** Return the reason in the reader's language if its code is known, else the server's message. */
function reasonOf({ error, failedChange }: Message, t: T): string {
  switch (error?.code) {
    case "invalid":
      return t(failedChange === null ? "refusal.invalid" : "refusal.gone");
    case "too_large":
    case "forbidden":
    case LOG_RESET:
      return t(`refusal.${error.code}`);
    default:
      return error?.message ?? "";
  }
}
