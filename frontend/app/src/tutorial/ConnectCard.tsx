// Which room to enter, and as whom.

import type { Credential } from "alcove-client";
import { isRoomId } from "alcove-client";
import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { keptDemo } from "../session/demo";
import { randomToken } from "../session/randomToken";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./ItemForm.module.css";

type ConnectCardProps = {
  readonly itemId: string;
  readonly onItemId: (itemId: string) => void;
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly credential: Credential | null;
  /** In open mode any token will do, so that one is offered; to open a demo room is the first choice there. */
  readonly isOpen: boolean;
  readonly onConnect: (credential: Credential) => void;
};

export function ConnectCard(props: ConnectCardProps) {
  const { itemId, onItemId, name, onName, credential, isOpen, onConnect } = props;
  const { t } = useTranslation();
  // Two browsers with one token and one name would be one member.
  const [token, setToken] = useState(
    () => credential?.token ?? (isOpen ? (keptDemo()?.token ?? randomToken()) : ""),
  );
  const [tried, setTried] = useState(false);
  const usable = isRoomId(itemId);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (usable) onConnect({ token: token === "" ? null : token, name: isOpen && name !== "" ? name : null });
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field
        label={t("item.itemId")}
        value={itemId}
        onValue={onItemId}
        required
        wrong={usable || !tried ? undefined : t(itemId === "" ? "item.itemIdMissing" : "item.itemIdShape")}
      />
      <Field
        label={t("item.token")}
        type="password"
        value={token}
        onValue={setToken}
        hint={t("item.tokenHint")}
      />
      {isOpen && (
        <Field
          label={t("item.name")}
          value={name}
          onValue={onName}
          maxLength={64}
          hint={t("item.nameHint")}
        />
      )}
      <Button type="submit" weight={isOpen ? "plain" : "strong"}>
        {t("connect")}
      </Button>
    </form>
  );
}
