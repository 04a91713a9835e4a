// One message: author, time, body; and for the member's own, what can be done with it and how far it has come.

import { LOG_RESET, type Message as MessageState, type Person, type You } from "alcove-client";
import { memo, type ReactNode } from "react";
import { Avatar } from "../members/Avatar";
import { useAlcoveContext } from "../provider";
import type { T } from "../strings/strings";
import { Body } from "./Body";
import styles from "./Message.module.css";
import { When } from "./When";

export type MessageActions = {
  /** Whether edits and deletes can be sent by the current transport. */
  readonly canChange: boolean;
  /** Take the body into the composer: to edit the message, or to write a failed one again. */
  readonly onEdit: (message: MessageState) => void;
  readonly onDelete: (message: MessageState) => void;
  readonly onRetry: (message: MessageState) => void;
  readonly onDiscard: (message: MessageState) => void;
};

export type MessageSlotProps = {
  readonly message: MessageState;
  /** Whether the member is the author. */
  readonly own: boolean;
  /** Whether the message above is of the same author, a moment earlier. */
  readonly follows: boolean;
  readonly actions: MessageActions;
  /** What is rendered without the slot. */
  readonly children: ReactNode;
};

export type MessageSlots = {
  /** Renders a message; return `children` for those that look as by default. */
  readonly renderMessage?: ((props: MessageSlotProps) => ReactNode) | undefined;
  /** Renders the picture of a member, 32 px square. */
  readonly renderAvatar?: ((member: Person) => ReactNode) | undefined;
};

type MessageProps = MessageSlots & {
  readonly message: MessageState;
  readonly follows: boolean;
  readonly me: You | null;
  readonly actions: MessageActions;
};

export const Message = memo(function Message(props: MessageProps) {
  const { message, follows, me, actions, renderMessage, renderAvatar } = props;
  const { t } = useAlcoveContext();
  // A draft has no author before the server has told who the member is.
  const own = message.author.id === (me?.id ?? "");
  const name = message.author.name === "" ? t("message.you") : message.author.name;
  const author = { ...message.author, name };
  const content = (
    <>
      {!follows && (
        <header className={styles.head}>
          <strong className={styles.name}>
            <bdi>{name}</bdi>
          </strong>
          <When at={message.at} />
        </header>
      )}
      <div className={styles.line}>
        <div className={styles.body}>
          {message.deletedAt !== null ? (
            <span className={styles.deleted}>{t("message.deleted")}</span>
          ) : (
            <Body body={message.body} of={message} />
          )}
          {message.editedAt !== null && message.deletedAt === null && (
            <span className={styles.mark}>{` ${t("message.edited")}`}</span>
          )}
        </div>
        {own && isInLog(message) && actions.canChange && (
          <div className={styles.toolbar}>
            <button type="button" onClick={() => actions.onEdit(message)}>
              {t("message.edit")}
            </button>
            <button type="button" onClick={() => actions.onDelete(message)}>
              {t("message.delete")}
            </button>
          </div>
        )}
      </div>
      <Delivery message={message} actions={actions} />
    </>
  );

  return (
    <article className={styles.message} data-own={own} data-follows={follows} aria-label={name}>
      <div className={styles.avatar}>
        {!follows &&
          (renderAvatar === undefined ? (
            <Avatar name={name} picture={author.picture} />
          ) : (
            renderAvatar(author)
          ))}
      </div>
      <div className={styles.content}>
        {renderMessage === undefined
          ? content
          : renderMessage({ message, own, follows, actions, children: content })}
      </div>
    </article>
  );
});

/** Whether a message is in the log, unchanged: then it can be edited and deleted. */
function isInLog({ seq, deletedAt, delivery }: MessageState): boolean {
  return seq !== null && deletedAt === null && delivery === "sent";
}

type DeliveryProps = { readonly message: MessageState; readonly actions: MessageActions };

/** How far a message, or its pending edit or delete, has come. */
function Delivery({ message, actions }: DeliveryProps) {
  const { t } = useAlcoveContext();
  const { delivery, error, seq, deletedAt } = message;
  if (delivery === "sent") return null;
  if (delivery === "queued") {
    const needsSocket = seq !== null && !actions.canChange;
    return <p className={styles.delivery}>{t(needsSocket ? "message.needsSocket" : "message.waiting")}</p>;
  }
  // The message that it would change is gone with its log.
  const canRetry = error?.code !== LOG_RESET;
  return (
    <div className={styles.failed}>
      <p>{t("message.refused", { reason: reasonOf(error, t) })}</p>
      <div className={styles.ways}>
        {deletedAt === null && canRetry && (
          <button type="button" onClick={() => actions.onEdit(message)}>
            {t("message.edit")}
          </button>
        )}
        {canRetry && (
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

/** Return the reason in the reader's language where its code is known, else in the server's words. */
function reasonOf(error: MessageState["error"], t: T): string {
  switch (error?.code) {
    case "too_large":
    case "forbidden":
    case "invalid":
    case LOG_RESET:
      return t(`refusal.${error.code}`);
    default:
      return error?.message ?? "";
  }
}
