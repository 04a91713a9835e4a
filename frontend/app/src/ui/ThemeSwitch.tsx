// The switch between light and dark.
import { useSyncExternalStore } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./Switches.module.css";
import { chooseTheme, onTheme, theme } from "./theme";

export function ThemeSwitch() {
  const { t } = useTranslation();
  const dark = useSyncExternalStore(onTheme, theme) === "dark";

  return (
    <button
      type="button"
      className={styles.switch}
      aria-label={t("theme")}
      aria-pressed={dark}
      title={t("theme")}
      onClick={() => chooseTheme(dark ? "light" : "dark")}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="7.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M10 2.75a7.25 7.25 0 0 1 0 14.5z" fill="currentColor" />
      </svg>
    </button>
  );
}
