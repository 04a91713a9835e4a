// The head of a pane: the way to the rooms on a phone, what is shown, and what belongs to it.

import { useRooms } from "alcove-react";
import type { ReactNode } from "react";
import { useTranslation } from "../i18n/translation";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { IconButton } from "../ui/IconButton";
import { MENU } from "../ui/icons";
import { OpenMode } from "./OpenMode";
import styles from "./PageHeader.module.css";
import { useSheet } from "./useSheet";

/** Higher counts are shown as this number with a plus sign. */
const MOST = 99;

type PageHeaderProps = {
  /** Null where the page has its heading elsewhere. */
  readonly title: string | null;
  /** Whether the title names a room, which may be written in any direction. */
  readonly isRoom?: boolean;
  readonly children?: ReactNode;
};

export function PageHeader({ title, isRoom = false, children }: PageHeaderProps) {
  const { client } = useSession();
  const mode = useOpenMode();

  return (
    <div className={styles.header}>
      <span className={styles.menu}>
        {client === null ? <RoomsButton unread={0} /> : <RoomsWithUnread current={isRoom ? title : null} />}
      </span>
      {title !== null && (
        <h1 className={styles.title} dir={isRoom ? "auto" : undefined} title={isRoom ? title : undefined}>
          {title}
        </h1>
      )}
      {mode === "open" && <OpenMode inFull={title === null} />}
      <div className={styles.end}>{children}</div>
    </div>
  );
}

/** The button that opens the rooms on a phone, where the list with its counts is out of sight. */
function RoomsButton({ unread }: { readonly unread: number }) {
  const { t } = useTranslation();
  const sheet = useSheet();
  return (
    <>
      <IconButton
        path={MENU}
        label={unread === 0 ? t("rooms.show") : t("rooms.showUnread", { count: unread })}
        aria-expanded={sheet.isOpen}
        aria-controls="sidebar"
        onClick={sheet.open}
      />
      {unread > 0 && (
        <span className={styles.unread} aria-hidden="true">
          {unread > MOST ? `${MOST}+` : unread}
        </span>
      )}
    </>
  );
}

function RoomsWithUnread({ current }: { readonly current: string | null }) {
  const { rooms } = useRooms();
  const others = rooms.filter(({ item }) => item !== current);
  return <RoomsButton unread={others.reduce((sum, { unread }) => sum + unread, 0)} />;
}
