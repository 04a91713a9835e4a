// The item's plain contract (rule T2): a credential, a query, and what comes back.

import { useTranslation } from "../i18n/translation";
import { ItemForm } from "../tutorial/ItemForm";
import { type ItemQuery, itemUrl } from "../tutorial/urls";
import { useConversations, useConversationView, useHold } from "../tutorial/useConversation";
import { SERVER } from "../ui/base";
import { Talk } from "./Talk";

type PlaygroundProps = { readonly query: ItemQuery; readonly onQuery: (query: ItemQuery) => void };

export default function Playground({ query, onQuery }: PlaygroundProps) {
  const { t } = useTranslation();
  const { item } = useConversations();
  const view = useConversationView(item);
  useHold(item);

  return (
    <Talk
      title={t("item.title")}
      lead={t("item.lead")}
      empty={t("item.empty", { itemId: query.itemId })}
      check={t("item.check")}
      conversation={item}
      view={view}
    >
      <ItemForm
        query={query}
        onQuery={onQuery}
        state={view.state}
        onConnect={() => item.connect(itemUrl(SERVER, query))}
        onDisconnect={() => item.disconnect()}
      />
    </Talk>
  );
}
