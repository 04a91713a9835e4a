// The plan of a page with one conversation: what it is at the side, the conversation beside it.
import type { ReactNode } from "react";
import { PageHeader } from "../shell/PageHeader";
import { Composer } from "../tutorial/Composer";
import { ConnectionStatus } from "../tutorial/ConnectionStatus";
import type { Conversation, ConversationView } from "../tutorial/conversation";
import { MessageList } from "../tutorial/MessageList";
import { useTitle } from "../ui/useTitle";
import styles from "./Talk.module.css";

type TalkProps = {
  readonly title: string;
  readonly lead: string;
  readonly empty: string;
  readonly check: string;
  readonly conversation: Conversation;
  readonly view: ConversationView;
  /** Shown under the introduction: how to connect. */
  readonly children: ReactNode;
};

export function Talk({ title, lead, empty, check, conversation, view, children }: TalkProps) {
  useTitle(title);

  return (
    <>
      <div className={styles.header}>
        <PageHeader title={title} />
      </div>
      <div className={styles.talk}>
        <div className={styles.side}>
          <p className={styles.lead}>{lead}</p>
          {children}
        </div>
        <div className={styles.conversation}>
          <ConnectionStatus state={view.state} check={check} />
          <MessageList lines={view.lines} empty={empty} />
          <Composer
            state={view.state}
            draft={view.draft}
            onDraft={(draft) => conversation.write(draft)}
            onSend={() => conversation.sendDraft()}
          />
        </div>
      </div>
    </>
  );
}
