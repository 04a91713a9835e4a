// At the foot of the left side: who the reader is here, and the menu of everything about them and the page.

import { Icon, MemberAvatar, useRoom } from "alcove-react";
import { useRef, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { useSheet } from "../shell/useSheet";
import { MORE } from "../ui/icons";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";
import styles from "./AccountBar.module.css";
import { useOwnName } from "./useOwnName";

const AccountMenu = lazyWithTexts(() => import("./AccountMenu"));

type AccountBarProps = { readonly item: string | null; readonly onShortcuts: () => void };

export function AccountBar({ item, onShortcuts }: AccountBarProps) {
  const { t } = useTranslation();
  const name = useOwnName();
  const { isOpen: inSheet } = useSheet();
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => menu.current?.hidePopover?.();

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu, not the sheet around it
    <footer
      className={styles.bar}
      data-sheet={inSheet}
      onKeyDown={(event) => {
        if (open && event.key === "Escape") event.stopPropagation();
      }}
    >
      <button type="button" className={styles.account} popoverTarget="account">
        <span className={styles.label}>{t("account.title")}</span>
        {name !== null &&
          (item === null ? <MemberAvatar id="" name={name} /> : <OwnAvatar item={item} name={name} />)}
        <bdi className={styles.name}>{name ?? t("account.signedOut")}</bdi>
        <Icon path={MORE} />
      </button>
      <div
        ref={menu}
        id="account"
        popover="auto"
        role="dialog"
        aria-label={t("account.title")}
        className={styles.menu}
        onToggle={({ newState }) => setOpen(newState === "open")}
      >
        {open && (
          <LazyPart onClose={close}>
            <AccountMenu item={item} onClose={close} onShortcuts={onShortcuts} />
          </LazyPart>
        )}
      </div>
    </footer>
  );
}

/** The reader's picture as their messages have it, once the server has said who they are. */
function OwnAvatar({ item, name }: { readonly item: string; readonly name: string }) {
  const me = useRoom(item, (state) => state.me);
  return <MemberAvatar {...(me ?? { id: "", name })} />;
}
