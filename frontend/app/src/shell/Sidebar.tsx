// The left side: the name of the page, and the rooms.

import { RoomList } from "alcove-react";
import type { Ref } from "react";
import { Link, useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/useSession";
import { isApple } from "../shortcuts/useShortcuts";
import { IconButton } from "../ui/IconButton";
import { CLOSE } from "../ui/icons";
import { roomHref, roomPath } from "../ui/roomHref";
import styles from "./Sidebar.module.css";
import { useSheet } from "./useSheet";

type SidebarProps = { readonly ref: Ref<HTMLDivElement>; readonly item: string | null };

export function Sidebar({ ref, item }: SidebarProps) {
  const { t } = useTranslation();
  const { client } = useSession();
  const [here, go] = useLocation();
  const sheet = useSheet();

  return (
    <div ref={ref} id="sidebar" className={styles.sidebar} data-sheet={sheet.isOpen}>
      <header className={styles.head}>
        {/* In a room the first page would only lead back into it. */}
        {client !== null && item !== null ? (
          <span className={styles.name}>
            <Mark />
          </span>
        ) : (
          <Link href="/" className={styles.name} aria-current={here === "/" ? "page" : undefined}>
            <Mark />
          </Link>
        )}
        <span className={styles.close}>
          <IconButton path={CLOSE} label={t("rooms.close")} onClick={sheet.close} />
        </span>
      </header>
      {client === null ? (
        <section className={styles.hint} aria-label={t("rooms.show")}>
          <p>{t("rooms.signedOut")}</p>
        </section>
      ) : (
        <RoomList
          className={styles.rooms ?? ""}
          current={item}
          hrefOf={roomPath}
          searchKeys={isApple ? "⌘K" : "Ctrl+K"}
          onOpen={(chosen) => {
            sheet.close();
            go(roomHref(chosen));
          }}
        />
      )}
    </div>
  );
}

function Mark() {
  return (
    <>
      <svg width="18" height="21" viewBox="0 0 24 28" aria-hidden="true">
        <path className={styles.wall} d="M1 28V12a11 11 0 0 1 22 0v16z" />
        <path className={styles.light} d="M5 28V12.5a7 7 0 0 1 14 0V28z" />
      </svg>
      <span>Alcove</span>
    </>
  );
}
