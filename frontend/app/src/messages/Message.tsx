// One message: who, when, what; and how it stands with it, where it is one's own.

import type { Json, MessageEntry, You } from "alcove-client";
import { type Draft, LOG_RESET } from "alcove-client";
import { memo } from "react";
import { type Translate, useTranslation } from "../i18n/translation";
import { Body } from "./Body";
import styles from "./Message.module.css";
import { When } from "./When";

export type MessageActions = {
  /** Whether edits and deletes can be sent the way that the room is connected. */
  readonly mayChange: boolean;
  readonly onEdit: (message: MessageEntry) => void;
  readonly onDelete: (message: MessageEntry) => void;
  readonly onRetry: (draft: Draft) => void;
  /** Takes a refused draft back into the composer. */
  readonly onRewrite: (draft: Draft) => void;
  readonly onDiscard: (draft: Draft) => void;
};

type MessageProps = {
  readonly row: MessageEntry | Draft;
  /** Goes on where the line above left off: same author, a moment later. */
  readonly follows: boolean;
  readonly me: You | null;
  /** An own edit or delete that is on its way. */
  readonly change: Draft | undefined;
  readonly actions: MessageActions;
};

export const Message = memo(function Message({ row, follows, me, change, actions }: MessageProps) {
  const { t } = useTranslation();
  const own = row.type === "draft" || row.by.id === me?.id;
  const name = row.type === "entry" ? row.by.name : (me?.name ?? t("room.you"));
  const draft = row.type === "draft" ? row : change;
  const gone = row.type === "entry" && (row.deleted !== undefined || change?.command.type === "delete");
  const deletes = row.type === "draft" && row.command.type === "delete";

  return (
    <article className={styles.message} data-own={own} data-follows={follows} aria-label={name}>
      {!follows && (
        <header className={styles.head}>
          <strong className={styles.name}>
            <bdi>{name}</bdi>
          </strong>
          <When at={row.at} />
        </header>
      )}
      <div className={styles.line}>
        <div className={styles.body}>
          {gone || deletes ? (
            <em className={styles.gone}>{t("room.deleted")}</em>
          ) : (
            <Body body={bodyOf(row, change)} of={row} />
          )}
          {row.type === "entry" && row.edited !== undefined && !gone && (
            <span className={styles.mark}>{` ${t("room.edited")}`}</span>
          )}
        </div>
        {row.type === "entry" && own && !gone && change === undefined && actions.mayChange && (
          <div className={styles.menu}>
            <button type="button" onClick={() => actions.onEdit(row)}>
              {t("room.edit")}
            </button>
            <button type="button" onClick={() => actions.onDelete(row)}>
              {t("room.delete")}
            </button>
          </div>
        )}
      </div>
      {draft !== undefined && <Progress draft={draft} actions={actions} />}
    </article>
  );
});

function Progress({ draft, actions }: { readonly draft: Draft; readonly actions: MessageActions }) {
  const { t } = useTranslation();
  const { progress, command } = draft;
  if (progress.is !== "refused") {
    const held = progress.is === "waiting" && command.type !== "send" && !actions.mayChange;
    return <p className={styles.progress}>{t(held ? "progress.needsSocket" : `progress.${progress.is}`)}</p>;
  }
  // What it would change is gone with the log that held it.
  const mayRetry = progress.code !== LOG_RESET;
  return (
    <div className={styles.refused}>
      <p>{`${t("progress.refused")} ${reasonOf(progress.code, t) ?? progress.message}`}</p>
      <div className={styles.ways}>
        {command.type !== "delete" && mayRetry && (
          <button type="button" onClick={() => actions.onRewrite(draft)}>
            {t("room.rewrite")}
          </button>
        )}
        {mayRetry && (
          <button type="button" onClick={() => actions.onRetry(draft)}>
            {t("room.retry")}
          </button>
        )}
        <button type="button" onClick={() => actions.onDiscard(draft)}>
          {t("room.discard")}
        </button>
      </div>
    </div>
  );
}

/** The reason in the reader's language, where it is a known one. */
function reasonOf(code: string, t: Translate): string | null {
  if (code === "too_large" || code === "forbidden" || code === "invalid" || code === LOG_RESET)
    return t(`refusal.${code}`);
  return null;
}

function bodyOf(row: MessageEntry | Draft, change: Draft | undefined): Json {
  const command = row.type === "draft" ? row.command : change?.command;
  if (command !== undefined && command.type !== "delete") return command.body;
  return row.type === "entry" && row.body !== undefined ? row.body : "";
}
