// What stands where there is nothing.

import { Link } from "wouter";
import { useTranslation } from "../i18n/translation";
import { useTitle } from "../ui/useTitle";
import styles from "./NotFound.module.css";

/** `lead`: why, where more is known than that there is nothing. */
export function NotFound({ lead }: { readonly lead?: string }) {
  const { t } = useTranslation();
  useTitle(t("notFound.title"));

  return (
    <div className={styles.notFound}>
      <p className={styles.number} aria-hidden="true">
        404
      </p>
      <h1 className={styles.title}>{t("notFound.title")}</h1>
      <p className={styles.lead}>{lead ?? t("notFound.lead")}</p>
      <p>
        <Link href="/">{t("notFound.home")}</Link>
      </p>
    </div>
  );
}
