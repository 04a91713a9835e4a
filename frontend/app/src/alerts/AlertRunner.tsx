// Alerts of a room for as long as it is shown; it draws nothing.
import { chooseAlerts, useAlertChoices } from "./alertChoices";
import { useAlerts } from "./useAlerts";

export default function AlertRunner({ item }: { readonly item: string }) {
  useAlerts(item, useAlertChoices(), () => chooseAlerts({ notifying: false }));
  return null;
}
