// Which room to enter, and as whom.

import type { Credential } from "alcove-client";
import { isRoomId } from "alcove-client";
import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./ItemForm.module.css";

type ConnectCardProps = {
  /** The item that the address names; null: the reader chooses. */
  readonly item: string | null;
  readonly credential: Credential | null;
  /** In open mode any token will do, so that the tutorial's is offered; to open a demo room is the first choice there. */
  readonly isOpen: boolean;
  readonly onConnect: (item: string, credential: Credential) => void;
};

const tutorial = { item: "foo", token: "some-key-token" };

export function ConnectCard({ item, credential, isOpen, onConnect }: ConnectCardProps) {
  const { t } = useTranslation();
  const [itemId, setItemId] = useState(item ?? tutorial.item);
  const [token, setToken] = useState(credential?.token ?? (isOpen ? tutorial.token : ""));
  const [name, setName] = useState(credential?.name ?? "");
  const [tried, setTried] = useState(false);
  const usable = isRoomId(itemId);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (usable) onConnect(itemId, { token: token === "" ? null : token, name: name === "" ? null : name });
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field
        label={t("item.itemId")}
        value={itemId}
        onValue={setItemId}
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
          onValue={setName}
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
