// Says aloud that nobody is kept out (rule A2).
import { useTranslation } from "react-i18next";
import styles from "./OpenMode.module.css";

export function OpenMode() {
  const { t } = useTranslation();
  return <aside className={styles.open}>{t("openMode")}</aside>;
}
