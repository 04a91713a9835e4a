// The plan of a page with one conversation: what it is at the side, the niche beside it.
import type { ReactNode } from "react";
import { Composer } from "../tutorial/Composer";
import { ConnectionStatus } from "../tutorial/ConnectionStatus";
import type { Conversation, ConversationView } from "../tutorial/conversation";
import { MessageList } from "../tutorial/MessageList";
import { Niche } from "../ui/Niche";
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

const light = { idle: "out", connecting: "kindling", open: "lit", closed: "out" } as const;

export function Talk({ title, lead, empty, check, conversation, view, children }: TalkProps) {
  useTitle(title);

  return (
    <div className={styles.talk}>
      <div className={styles.side}>
        <h1 className={styles.title}>{title}</h1>
        <p className={styles.lead}>{lead}</p>
        {children}
      </div>
      <Niche
        light={light[view.state.is]}
        crown={<ConnectionStatus state={view.state} check={check} />}
        sill={
          <Composer
            state={view.state}
            draft={view.draft}
            onDraft={(draft) => conversation.write(draft)}
            onSend={() => conversation.sendDraft()}
          />
        }
      >
        <MessageList lines={view.lines} empty={empty} />
      </Niche>
    </div>
  );
}
