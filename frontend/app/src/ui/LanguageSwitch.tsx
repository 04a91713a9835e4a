// The switch to the other language, written in that language.

import { keepLanguage } from "../i18n/language";
import { useTranslation } from "../i18n/translation";
import styles from "./Switches.module.css";

export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const other = i18n.language === "es" ? "en" : "es";

  return (
    <button
      type="button"
      className={styles.switch}
      lang={other}
      onClick={() => void keepLanguage(i18n, other)}
    >
      {other === "es" ? "Español" : "English"}
    </button>
  );
}
