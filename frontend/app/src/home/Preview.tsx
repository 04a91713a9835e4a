// A room as another page would embed it, in the first page.
import { defineAlcoveRoom } from "alcove-element";
import { createElement, useEffect, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { SERVER } from "../ui/base";
import { useThemeChoice } from "../ui/theme";
import styles from "./Preview.module.css";

/** Opened by a button: who is in the room is seen there, and what they have read. */
export function Preview({ item }: { readonly item: string }) {
  const { t, language } = useTranslation();
  const theme = useThemeChoice();
  const [open, setOpen] = useState(false);

  useEffect(() => defineAlcoveRoom(SERVER), []);

  return (
    <section className={styles.preview} aria-label={t("home.preview")}>
      <h3 className={styles.title}>{t("home.preview")}</h3>
      {open ? (
        createElement("alcove-room", {
          class: styles.room,
          item,
          server: SERVER,
          lang: language,
          theme: theme === "system" ? "auto" : theme,
          "room-name": item,
        })
      ) : (
        <div className={styles.closed}>
          <Button onClick={() => setOpen(true)}>{t("home.openPreview", { item })}</Button>
        </div>
      )}
    </section>
  );
}
