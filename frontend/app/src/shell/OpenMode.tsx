// Says that anyone may read and write here (rule A2).
import { useTranslation } from "../i18n/translation";
import styles from "./OpenMode.module.css";

export function OpenMode() {
  const { t } = useTranslation();
  return (
    <aside className={styles.chip} title={t("openMode.text")}>
      <span>{t("openMode.name")}</span>
      <span className={styles.more}>{` ${t("openMode.text")}`}</span>
    </aside>
  );
}
