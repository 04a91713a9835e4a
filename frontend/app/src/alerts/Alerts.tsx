// Two switches, both off at first: a notification and a sound for messages that arrive while the page is hidden.
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import { keep, kept } from "../ui/kept";
import styles from "./Alerts.module.css";
import { allowed } from "./alerts";
import { useAlerts } from "./useAlerts";

export function Alerts({ item }: { readonly item: string }) {
  const { t } = useTranslation();
  const [notifying, setNotifying] = useState(() => kept("notify") === "on");
  const [ringing, setRinging] = useState(() => kept("sound") === "on");
  const [denied, setDenied] = useState(false);

  function become(on: boolean, refused: boolean) {
    setNotifying(on);
    setDenied(refused);
    keep("notify", on ? "on" : null);
  }

  useAlerts(item, { notifying, ringing }, () => become(false, true));

  async function switchNotifying(on: boolean) {
    const may = on && (await allowed());
    become(may, on && !may);
  }

  return (
    <fieldset className={styles.alerts}>
      <legend>{t("alerts.title")}</legend>
      <label>
        <input
          type="checkbox"
          checked={notifying}
          onChange={({ target }) => void switchNotifying(target.checked)}
        />
        <span>{t("alerts.notify")}</span>
      </label>
      {denied && <p role="alert">{t("alerts.denied")}</p>}
      <label>
        <input
          type="checkbox"
          checked={ringing}
          onChange={({ target }) => {
            setRinging(target.checked);
            keep("sound", target.checked ? "on" : null);
          }}
        />
        <span>{t("alerts.sound")}</span>
      </label>
    </fieldset>
  );
}
