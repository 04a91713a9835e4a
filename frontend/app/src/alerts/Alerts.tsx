// Two switches, both off at first: a notification and a sound for messages that arrive while the page is hidden.
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./Alerts.module.css";
import { chooseAlerts, useAlertChoices } from "./alertChoices";
import { allowed } from "./alerts";

export function Alerts() {
  const { t } = useTranslation();
  const { notifying, ringing } = useAlertChoices();
  const [denied, setDenied] = useState(false);

  async function switchNotifying(on: boolean) {
    const may = on && (await allowed());
    setDenied(on && !may);
    chooseAlerts({ notifying: may });
  }

  return (
    <section aria-label={t("alerts.title")}>
      <h2 className={styles.title}>{t("alerts.title")}</h2>
      <p className={styles.lead}>{t("alerts.lead")}</p>
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={notifying}
          onChange={({ target }) => void switchNotifying(target.checked)}
        />
        <span>{t("alerts.notify")}</span>
      </label>
      {denied && (
        <p role="alert" className={styles.denied}>
          {t("alerts.denied")}
        </p>
      )}
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={ringing}
          onChange={({ target }) => chooseAlerts({ ringing: target.checked })}
        />
        <span>{t("alerts.sound")}</span>
      </label>
    </section>
  );
}
