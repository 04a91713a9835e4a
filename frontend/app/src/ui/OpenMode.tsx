// Warns that the server admits everyone (rule A2).
import { useTranslation } from "../i18n/translation";
import styles from "./OpenMode.module.css";

export function OpenMode() {
  const { t } = useTranslation();
  return <aside className={styles.open}>{t("openMode")}</aside>;
}
