// The chat for everyone (rule T3), connected on opening the page under the tab's own ID.

import { useTranslation } from "../i18n/translation";
import { ConnectButton } from "../tutorial/ConnectButton";
import { chatUrl } from "../tutorial/urls";
import { useConversations, useConversationView, useHold } from "../tutorial/useConversation";
import { SERVER } from "../ui/base";
import styles from "./Chat.module.css";
import { Talk } from "./Talk";

export default function Chat() {
  const { t } = useTranslation();
  const { chat, clientId } = useConversations();
  const view = useConversationView(chat);
  const url = chatUrl(SERVER, clientId);
  useHold(chat, url);

  return (
    <Talk
      title={t("chat.title")}
      lead={t("chat.lead")}
      empty={t("chat.empty")}
      check={t("chat.check")}
      conversation={chat}
      view={view}
    >
      <p className={styles.id}>
        <span>{`${t("chat.yourId")} `}</span>
        <strong className={styles.number}>{clientId}</strong>
      </p>
      <ConnectButton
        state={view.state}
        onConnect={() => chat.connect(url)}
        onDisconnect={() => chat.disconnect()}
      />
    </Talk>
  );
}
