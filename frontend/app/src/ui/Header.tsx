// The head of every page: the name, the way, the switches.

import { Link } from "wouter";
import { useTranslation } from "../i18n/translation";
import styles from "./Header.module.css";
import { LanguageSwitch } from "./LanguageSwitch";
import { Nav } from "./Nav";
import { ThemeSwitch } from "./ThemeSwitch";

export function Header() {
  const { t } = useTranslation();

  return (
    <header className={styles.header}>
      <a className={styles.skip} href="#content">
        {t("skip")}
      </a>
      <Link href="/" className={styles.name}>
        <svg viewBox="0 0 24 28" aria-hidden="true">
          <path className={styles.wall} d="M1 28V12a11 11 0 0 1 22 0v16z" />
          <path className={styles.light} d="M5 28V12.5a7 7 0 0 1 14 0V28z" />
        </svg>
        <span>Alcove</span>
      </Link>
      <Nav />
      <div className={styles.switches}>
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
    </header>
  );
}
