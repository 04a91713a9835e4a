// What stands where there is nothing.

import { Link } from "wouter";
import { useTranslation } from "../i18n/translation";
import { useTitle } from "../ui/useTitle";
import styles from "./NotFound.module.css";

/** `lead`: why, where more is known than that there is nothing. */
export default function NotFound({ lead }: { readonly lead?: string }) {
  const { t } = useTranslation();
  useTitle(t("notFound.title"));

  return (
    <div className={styles.notFound}>
      <svg width="56" height="72" viewBox="0 0 56 72" aria-hidden="true">
        <path className={styles.arch} d="M2 70V28a26 26 0 0 1 52 0v42Z" />
      </svg>
      <h1 className={styles.title}>{t("notFound.title")}</h1>
      <p className={styles.lead}>{lead ?? t("notFound.lead")}</p>
      <p>
        <Link href="/">{t("notFound.home")}</Link>
      </p>
    </div>
  );
}
