// The switch to the other language, written in that language.
import { useTranslation } from "react-i18next";
import { keepLanguage } from "../i18n/language";
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
