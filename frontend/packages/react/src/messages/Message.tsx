// One message: author, time, body, what can be done with it, and how far the member's own has come.

import type { Message as MessageState, Person, You } from "alcove-client";
import { memo, type ReactNode, useState } from "react";
import type { Editor } from "../composer/useWriting";
import { lazyPart } from "../lib/lazyPart";
import { Avatar } from "../members/Avatar";
import { useAlcoveContext } from "../provider";
import { isInLog, type MessageActions } from "./actions";
import { Body } from "./Body";
import { Clock } from "./Clock";
import { Delivery } from "./Delivery";
import styles from "./Message.module.css";
import { clockOf } from "./times";
import { useLongPress } from "./useLongPress";

// Not needed to read the first message.
const useToolbar = lazyPart(() => import("./Toolbar"));
const useEditField = lazyPart(() => import("./EditField"));
const useSheet = lazyPart(() => import("./Sheet"));

export type MessageSlotProps = {
  readonly message: MessageState;
  /** Whether the member is the author. */
  readonly own: boolean;
  /** Whether the message above is of the same author, a moment earlier. */
  readonly follows: boolean;
  readonly actions: MessageActions;
  /** Rendered if the slot is not given. */
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
  /** The key of its line in the log. */
  readonly line: string;
  readonly follows: boolean;
  readonly me: You | null;
  readonly actions: MessageActions;
  /** The editor while this message is being edited. */
  readonly editor: Editor | null;
  /** Whether Tab stops here: at one message of the log. */
  readonly isStop: boolean;
  /** Whether a link led to this message. */
  readonly isLinked: boolean;
};

export const Message = memo(function Message(props: MessageProps) {
  const { message, line, follows, me, actions, editor, isStop, isLinked, renderMessage, renderAvatar } =
    props;
  const { t, locale } = useAlcoveContext();
  const [sheet, setSheet] = useState(false);
  const Toolbar = useToolbar(true);
  // Loaded before it is needed: the network may have failed when it is.
  const EditField = useEditField(true);
  const Sheet = useSheet(sheet);
  const press = useLongPress(() => setSheet(true));
  // A draft has no author before `hello`, which contains the member.
  const own = message.author.id === (me?.id ?? "");
  const name = message.author.name === "" ? t("message.you") : message.author.name;
  const author = { ...message.author, name };
  const editing = editor?.editing ?? null;
  const label = t("message.label", { name, time: clockOf(message.at, locale) });
  const content = (
    <>
      {editor !== null && editing !== null && EditField !== null ? (
        <EditField editor={editor} text={editing.text} fromComposer={editing.fromComposer} />
      ) : (
        <Content message={message} actions={actions} />
      )}
      {editing === null && <Delivery message={message} actions={actions} />}
    </>
  );

  return (
    <article
      className={styles.message}
      data-follows={follows}
      data-delivery={message.delivery}
      data-line={line}
      aria-label={label}
      aria-current={isLinked || undefined}
      tabIndex={isStop ? 0 : -1}
      {...(isInLog(message) && press)}
    >
      {follows ? (
        <div className={styles.gutter}>
          <Clock at={message.at} />
        </div>
      ) : (
        <>
          <div className={styles.avatar}>
            {renderAvatar === undefined ? <Avatar {...author} /> : renderAvatar(author)}
          </div>
          <header className={styles.head}>
            <bdi className={styles.name}>{name}</bdi>
            <Clock at={message.at} />
          </header>
        </>
      )}
      <div className={styles.content}>
        {renderMessage === undefined
          ? content
          : renderMessage({ message, own, follows, actions, children: content })}
      </div>
      {Toolbar !== null && editing === null && <Toolbar message={message} own={own} actions={actions} />}
      {Sheet !== null && (
        <Sheet label={label} message={message} own={own} actions={actions} onClose={() => setSheet(false)} />
      )}
    </article>
  );
});

type ContentProps = { readonly message: MessageState; readonly actions: MessageActions };

function Content({ message, actions }: ContentProps) {
  const { t } = useAlcoveContext();
  const { deletedAt, delivery, editedAt, body } = message;
  if (deletedAt !== null)
    return (
      <p className={styles.deleted}>
        <span>{t("message.deleted")}</span>
        {delivery === "queued" && (
          <button type="button" onClick={() => actions.onDiscard(message)}>
            {t("message.undo")}
          </button>
        )}
      </p>
    );
  return (
    <div className={styles.body}>
      <Body body={body} of={message} />
      {editedAt !== null && <span className={styles.mark}>{t("message.edited")}</span>}
    </div>
  );
}
