// The switch to the other language, written in that language.

import { keepLanguage } from "../i18n/language";
import { useTranslation } from "../i18n/translation";
import styles from "./Switches.module.css";

export function LanguageSwitch() {
  const { language, translator } = useTranslation();
  const other = language === "es" ? "en" : "es";

  return (
    <button
      type="button"
      className={styles.switch}
      lang={other}
      onClick={() => void keepLanguage(translator, other)}
    >
      {other === "es" ? "Español" : "English"}
    </button>
  );
}
