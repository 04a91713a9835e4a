// Which item to talk to, and with what credential.
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Field } from "../ui/Field";
import { ConnectButton } from "./ConnectButton";
import styles from "./ItemForm.module.css";
import type { SocketState } from "./plainSocket";
import { type ItemQuery, isPathSegment } from "./urls";

type ItemFormProps = {
  readonly query: ItemQuery;
  readonly onQuery: (query: ItemQuery) => void;
  readonly state: SocketState;
  readonly onConnect: () => void;
  readonly onDisconnect: () => void;
};

export function ItemForm({ query, onQuery, state, onConnect, onDisconnect }: ItemFormProps) {
  const { t } = useTranslation();
  const [tried, setTried] = useState(false);
  const live = state.is === "connecting" || state.is === "open";
  const usable = isPathSegment(query.itemId);
  const wrong =
    usable || !tried ? undefined : t(query.itemId === "" ? "item.itemIdMissing" : "item.itemIdDots");

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (usable) onConnect();
  }

  function keepConnected(event: KeyboardEvent) {
    // Enter in a field presses the form's button, which by now means Disconnect: not what is meant by it.
    if (live && event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
  }

  return (
    <form className={styles.form} onSubmit={submit} onKeyDown={keepConnected} noValidate>
      <Field
        label={t("item.itemId")}
        value={query.itemId}
        onValue={(itemId) => onQuery({ ...query, itemId })}
        readOnly={live}
        required
        wrong={wrong}
      />
      <Field
        label={t("item.token")}
        value={query.token}
        onValue={(token) => onQuery({ ...query, token })}
        readOnly={live}
        hint={t("item.tokenHint")}
      />
      <Field
        label={t("item.q")}
        value={query.q}
        onValue={(q) => onQuery({ ...query, q })}
        readOnly={live}
        hint={t("item.qHint")}
      />
      <ConnectButton state={state} onDisconnect={onDisconnect} />
    </form>
  );
}
