// Two switches, both off until wanted: a notification, and a sound, for what comes while nobody looks.
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomView } from "../../client/roomView";
import { keep, kept } from "../../ui/kept";
import styles from "./Alerts.module.css";

const load = () => import("./alerts");

export function Alerts({ item, view }: { readonly item: string; readonly view: RoomView }) {
  const { t } = useTranslation();
  const [notifying, setNotifying] = useState(() => kept("notify") === "on");
  const [ringing, setRinging] = useState(() => kept("sound") === "on");
  const [denied, setDenied] = useState(false);
  const told = useRef<number | null>(null);
  const { cursor, rows, me, status } = view;

  useEffect(() => {
    if (status.is !== "live") return;
    const after = told.current ?? cursor;
    told.current = cursor;
    if (cursor <= after || document.visibilityState === "visible" || !(notifying || ringing)) return;
    const last = rows.findLast((row) => row.type === "entry" && row.seq > after && row.by.id !== me?.id);
    if (last?.type !== "entry") return;
    const words = `${last.by.name}: ${typeof last.body === "string" ? last.body : JSON.stringify(last.body ?? "")}`;
    void load().then(({ notify, ring }) => {
      if (notifying) notify(item, words);
      if (ringing) ring();
    });
  }, [cursor, rows, me, status.is, item, notifying, ringing]);

  async function switchNotifying(on: boolean) {
    const may = on && (await (await load()).allowed());
    setNotifying(may);
    setDenied(on && !may);
    keep("notify", may ? "on" : null);
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
        {t("alerts.notify")}
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
        {t("alerts.sound")}
      </label>
    </fieldset>
  );
}
