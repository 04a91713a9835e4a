// The echo socket (rule T1), connected on opening the page.

import { useTranslation } from "../i18n/translation";
import { ConnectButton } from "../tutorial/ConnectButton";
import { echoUrl } from "../tutorial/urls";
import { useConversations, useConversationView, useHold } from "../tutorial/useConversation";
import { SERVER } from "../ui/base";
import { Talk } from "./Talk";

export default function Echo() {
  const { t } = useTranslation();
  const { echo } = useConversations();
  const view = useConversationView(echo);
  const url = echoUrl(SERVER);
  useHold(echo, url);

  return (
    <Talk
      title={t("echo.title")}
      lead={t("echo.lead")}
      empty={t("echo.empty")}
      check={t("echo.check")}
      conversation={echo}
      view={view}
    >
      <ConnectButton
        state={view.state}
        onConnect={() => echo.connect(url)}
        onDisconnect={() => echo.disconnect()}
      />
    </Talk>
  );
}
