// Name, theme, language, the tutorial's pages, shortcuts, and signing out.

import { Link, useLocation } from "wouter";
import { keepLanguage, type LanguageCode } from "../i18n/language";
import { useTranslation } from "../i18n/translation";
import { SignOut } from "../session/SignOut";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { Segments } from "../ui/Segments";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "../ui/theme";
import styles from "./AccountMenu.module.css";
import { Rename } from "./Rename";

const pages = [
  { href: "/playground", name: "nav.playground" },
  { href: "/echo", name: "nav.echo" },
  { href: "/chat", name: "nav.chat" },
] as const;
const themes: readonly ThemeChoice[] = ["system", "light", "dark"];
const languages: readonly (readonly [LanguageCode, string])[] = [
  ["en", "English"],
  ["es", "Español"],
];

type AccountMenuProps = {
  readonly item: string | null;
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
};

export default function AccountMenu({ item, onClose, onShortcuts }: AccountMenuProps) {
  const { t, language, translator } = useTranslation();
  const { client } = useSession();
  const [here] = useLocation();
  const mode = useOpenMode();
  const theme = useThemeChoice();

  return (
    <div className={styles.menu}>
      {client !== null && <Rename item={item} onDone={onClose} />}
      {mode === "open" && <p className={styles.hint}>{t("openMode.text")}</p>}
      <Segments
        label={t("theme.title")}
        value={theme}
        options={themes.map((one) => [one, t(`theme.${one}`)] as const)}
        onValue={chooseTheme}
      />
      <Segments
        label={t("language")}
        value={language === "es" ? "es" : "en"}
        options={languages}
        onValue={(chosen) => void keepLanguage(translator, chosen)}
      />
      {/* An application around Alcove has none of the tutorial's sockets, and signs members out itself. */}
      {mode !== "application" && (
        <nav aria-label={t("nav.tutorial")}>
          <h2 className={styles.title}>{t("nav.tutorial")}</h2>
          <ul className={styles.list}>
            {pages.map(({ href, name }) => (
              <li key={href}>
                <Link
                  href={href}
                  className={styles.entry}
                  aria-current={here === href ? "page" : undefined}
                  onClick={onClose}
                >
                  {t(name)}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <div className={styles.list}>
        <button
          type="button"
          className={styles.entry}
          onClick={() => {
            onClose();
            onShortcuts();
          }}
        >
          {t("shortcuts.title")}
        </button>
        {client !== null && mode !== "application" && <SignOut item={item} className={styles.entry} />}
      </div>
    </div>
  );
}
