// The way between the pages.

import { Link, useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import styles from "./Nav.module.css";

const pages = [
  { href: "/", name: "nav.rooms" },
  { href: "/playground", name: "nav.playground" },
  { href: "/echo", name: "nav.echo" },
  { href: "/chat", name: "nav.chat" },
] as const;

export function Nav() {
  const { t } = useTranslation();
  const [here] = useLocation();

  return (
    <nav aria-label={t("pages")}>
      <ul className={styles.pages}>
        {pages.map(({ href, name }) => (
          <li key={href}>
            <Link
              href={href}
              className={styles.page}
              aria-current={
                here === href || (href === "/" && here.startsWith("/items/")) ? "page" : undefined
              }
            >
              {t(name)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
