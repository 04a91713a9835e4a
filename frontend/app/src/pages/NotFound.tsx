// What stands where there is nothing.

import { useEffect } from "react";
import { Link } from "wouter";
import { useTranslation } from "../i18n/translation";
import { loadFont } from "../styles/loadFont";
import { useTitle } from "../ui/useTitle";
import styles from "./NotFound.module.css";

/** `isRoom`: the address names a room, by an ID that no room can have. */
export default function NotFound({ isRoom = false }: { readonly isRoom?: boolean }) {
  const { t } = useTranslation();
  useTitle(t("notFound.title"));
  useEffect(loadFont, []);

  return (
    <div className={styles.notFound}>
      <svg width="56" height="72" viewBox="0 0 56 72" aria-hidden="true">
        <path className={styles.arch} d="M2 70V28a26 26 0 0 1 52 0v42Z" />
      </svg>
      <h1 className={styles.title}>{t("notFound.title")}</h1>
      <p className={styles.lead}>{t(isRoom ? "item.itemIdShape" : "notFound.lead")}</p>
      <p>
        <Link href="/">{t("notFound.home")}</Link>
      </p>
    </div>
  );
}
