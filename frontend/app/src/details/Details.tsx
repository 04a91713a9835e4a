// What belongs to a room beside its messages: members, notifications, its address, the export, developer tools.

import { Members } from "alcove-react";
import { useEffect, useRef } from "react";
import { Alerts } from "../alerts/Alerts";
import { useTranslation } from "../i18n/translation";
import { SaveConversation } from "../save/SaveConversation";
import { THREE_PANES } from "../shell/useMedia";
import { Button } from "../ui/Button";
import { CopyField } from "../ui/CopyField";
import { IconButton } from "../ui/IconButton";
import { CLOSE } from "../ui/icons";
import { roomPath } from "../ui/roomHref";
import styles from "./Details.module.css";

type DetailsProps = {
  readonly item: string;
  readonly developer: boolean;
  readonly onDeveloper: (open: boolean) => void;
  readonly onClose: () => void;
};

export default function Details({ item, developer, onDeveloper, onClose }: DetailsProps) {
  const { t } = useTranslation();
  const panel = useRef<HTMLElement>(null);

  // Details that lie over the room are where the reader goes on; beside it they take no focus.
  useEffect(() => {
    if (!matchMedia(THREE_PANES).matches) panel.current?.focus();
  }, []);

  return (
    <aside
      ref={panel}
      className={styles.details}
      aria-label={t("details.title")}
      tabIndex={-1}
      onKeyDown={({ key, defaultPrevented }) => {
        if (key === "Escape" && !defaultPrevented) onClose();
      }}
    >
      <div className={styles.head}>
        <span>{t("details.title")}</span>
        <IconButton path={CLOSE} label={t("about.close")} onClick={onClose} />
      </div>
      <Members item={item} />
      <Alerts />
      <section aria-label={t("about.link")}>
        <h2 className={styles.title}>{t("about.link")}</h2>
        <CopyField label={t("about.link")} value={location.origin + roomPath(item)} />
      </section>
      <SaveConversation item={item} />
      <section>
        <h2 className={styles.title}>{t("developer.title")}</h2>
        <p className={styles.lead}>{t("developer.lead")}</p>
        <Button aria-expanded={developer} onClick={() => onDeveloper(!developer)}>
          {t(developer ? "developer.hide" : "developer.show")}
        </Button>
      </section>
    </aside>
  );
}
