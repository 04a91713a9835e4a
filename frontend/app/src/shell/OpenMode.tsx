// Says that anyone may read and write here (rule A2).
import { useTranslation } from "../i18n/translation";
import styles from "./OpenMode.module.css";

/** `inFull`: with the explanation, where there is room for it. */
export function OpenMode({ inFull }: { readonly inFull: boolean }) {
  const { t } = useTranslation();
  return (
    <aside className={styles.chip} data-in-full={inFull} title={t("openMode.text")}>
      <span>{t("openMode.name")}</span>
      <span className={styles.more}>{` ${t("openMode.text")}`}</span>
    </aside>
  );
}
