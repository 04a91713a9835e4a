// The head of a pane: the way to the rooms on a phone, what is shown, and what belongs to it.

import type { ReactNode } from "react";
import { useTranslation } from "../i18n/translation";
import { useOpenMode } from "../session/useMode";
import { IconButton } from "../ui/IconButton";
import { MENU } from "../ui/icons";
import { OpenMode } from "./OpenMode";
import styles from "./PageHeader.module.css";
import { useSheet } from "./useSheet";

type PageHeaderProps = {
  /** Null where the page has its heading elsewhere. */
  readonly title: string | null;
  /** Whether the title names a room, which may be written in any direction. */
  readonly isRoom?: boolean;
  readonly children?: ReactNode;
};

export function PageHeader({ title, isRoom = false, children }: PageHeaderProps) {
  const { t } = useTranslation();
  const sheet = useSheet();
  const mode = useOpenMode();

  return (
    <div className={styles.header}>
      <span className={styles.menu}>
        <IconButton
          path={MENU}
          label={t("rooms.show")}
          aria-expanded={sheet.isOpen}
          aria-controls="sidebar"
          onClick={sheet.open}
        />
      </span>
      {title !== null && (
        <h1 className={styles.title} dir={isRoom ? "auto" : undefined} title={isRoom ? title : undefined}>
          {title}
        </h1>
      )}
      {mode === "open" && <OpenMode />}
      <div className={styles.end}>{children}</div>
    </div>
  );
}
