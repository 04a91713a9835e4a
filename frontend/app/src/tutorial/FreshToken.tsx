// The way out where the server does not let one in: another token, and the room goes on.

import type { Credential } from "alcove-client";
import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./FreshToken.module.css";

type FreshTokenProps = {
  readonly credential: Credential;
  readonly lead: string;
  readonly onConnect: (credential: Credential) => void;
};

export function FreshToken({ credential, lead, onConnect }: FreshTokenProps) {
  const { t } = useTranslation();
  const [token, setToken] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    onConnect({ ...credential, token: token === "" ? credential.token : token });
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <p>{lead}</p>
      <Field label={t("item.token")} type="password" value={token} onValue={setToken} />
      <Button type="submit" weight="strong">
        {t("connect")}
      </Button>
    </form>
  );
}
