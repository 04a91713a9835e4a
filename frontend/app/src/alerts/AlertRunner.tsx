// Alerts of a room for as long as it is shown, and the count in the tab's title; it draws nothing.
import { useMissedMessages } from "alcove-react";
import { useTitle } from "../ui/useTitle";
import { chooseAlerts, useAlertChoices } from "./alertChoices";
import { useAlerts } from "./useAlerts";

export default function AlertRunner({ item }: { readonly item: string }) {
  const missed = useMissedMessages(item);
  useTitle(missed > 0 ? `(${missed}) ${item}` : item);
  useAlerts(item, useAlertChoices(), () => chooseAlerts({ notifying: false }));
  return null;
}
