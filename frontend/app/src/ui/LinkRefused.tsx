// Says that a link was not followed into another member's login (somebody is signed in here), and offers the way.

import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/session";
import { Button } from "./Button";
import styles from "./LinkRefused.module.css";

export default function LinkRefused() {
  const { t } = useTranslation();
  const { refused, dismiss, enter, signOut } = useSession();
  if (refused === null) return null;
  return (
    <aside className={styles.notice} role="alert">
      <p>{t("session.linkRefused")}</p>
      <Button onClick={() => void signOut().then(() => enter(refused))}>{t("session.useLink")}</Button>
      <Button onClick={dismiss}>{t("session.stay")}</Button>
    </aside>
  );
}
