// Reports that a link for another member was not followed, because a member is signed in, and offers to follow it.

import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/useSession";
import { Button } from "./Button";
import { focusContent } from "./focusContent";
import styles from "./LinkRefused.module.css";

export default function LinkRefused() {
  const { t } = useTranslation();
  const { refused, session } = useSession();
  if (refused === null) return null;
  return (
    <aside className={styles.notice} role="alert">
      <p>{t("session.linkRefused")}</p>
      <Button onClick={() => void session.signOut().then(() => session.enter(refused))}>
        {t("session.useLink")}
      </Button>
      <Button
        onClick={() => {
          focusContent();
          session.dismiss();
        }}
      >
        {t("session.stay")}
      </Button>
    </aside>
  );
}
