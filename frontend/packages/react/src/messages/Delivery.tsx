// How far a message, or its own edit or delete, has come, where it is not in the log.

import type { Message } from "alcove-client";
import hidden from "../lib/hidden.module.css";
import { lazyPart } from "../lib/lazyPart";
import { useAlcoveContext } from "../provider";
import type { MessageActions } from "./actions";

const useFailed = lazyPart(() => import("./Failed"));

type DeliveryProps = { readonly message: Message; readonly actions: MessageActions };

export function Delivery({ message, actions }: DeliveryProps) {
  const { t } = useAlcoveContext();
  const { delivery, deletedAt } = message;
  const Failed = useFailed(delivery === "failed");
  if (delivery === "failed")
    return Failed === null ? <p>{t("message.notSent")}</p> : <Failed message={message} actions={actions} />;
  // Shown by paler text; a delete offers Undo instead.
  const isOnItsWay = delivery === "queued" && deletedAt === null;
  return isOnItsWay ? <p className={hidden.hidden}>{t("message.sending")}</p> : null;
}
