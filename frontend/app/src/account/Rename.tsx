// The member's name: in open mode it can be changed, elsewhere the token says it.

import { useRoom } from "alcove-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { Button } from "../ui/Button";
import { Field } from "../ui/Field";
import styles from "./Rename.module.css";
import { useOwnName } from "./useOwnName";

type RenameProps = { readonly item: string | null; readonly onDone: () => void };

export function Rename({ item, onDone }: RenameProps) {
  const mode = useOpenMode();
  const { credential } = useSession();
  const name = useOwnName() ?? "";

  if (mode !== "open" || credential?.token == null)
    return (
      <p className={styles.name}>
        <bdi>{name}</bdi>
      </p>
    );
  return item === null ? (
    <RenameForm name={name} queued={0} onDone={onDone} />
  ) : (
    <RenameInRoom item={item} name={name} onDone={onDone} />
  );
}

type RenameInRoomProps = { readonly item: string; readonly name: string; readonly onDone: () => void };

function RenameInRoom({ item, ...rest }: RenameInRoomProps) {
  return <RenameForm {...rest} queued={useRoom(item, (state) => state.queued)} />;
}

type RenameFormProps = { readonly name: string; readonly queued: number; readonly onDone: () => void };

/** Another name is another member (rule A2): what waits would be sent under neither, so that it is waited for. */
function RenameForm({ name, queued, onDone }: RenameFormProps) {
  const { t } = useTranslation();
  const { session } = useSession();
  const [text, setText] = useState(name);
  const fresh = text.trim();
  const mayRename = fresh !== "" && fresh !== name && queued === 0;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!mayRename) return;
    onDone();
    session.rename(fresh);
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      <Field
        label={t("rename.name")}
        value={text}
        onValue={setText}
        maxLength={64}
        hint={queued > 0 ? t("rename.waiting", { count: queued }) : t("rename.hint")}
      />
      <Button type="submit" aria-disabled={!mayRename}>
        {t("rename.submit")}
      </Button>
    </form>
  );
}
