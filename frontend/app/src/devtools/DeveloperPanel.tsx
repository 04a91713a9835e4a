// The developer panel of a room, below it: frames, connections, embed code.

import { useRoom } from "alcove-react";
import { type KeyboardEvent, lazy, useId, useRef } from "react";
import { Snippets } from "../home/Snippets";
import { useTranslation } from "../i18n/translation";
import type { DeveloperTab } from "../pages/usePanels";
import { IconButton } from "../ui/IconButton";
import { CLOSE } from "../ui/icons";
import { LazyPart } from "../ui/LazyPart";
import styles from "./DeveloperPanel.module.css";
import { Frames } from "./Frames";

const Connections = lazy(() => import("./Connections"));

const tabs: readonly DeveloperTab[] = ["frames", "connections", "embed"];

type DeveloperPanelProps = {
  readonly item: string;
  readonly tab: DeveloperTab;
  readonly onTab: (tab: DeveloperTab) => void;
  readonly onClose: () => void;
};

export default function DeveloperPanel({ item, tab, onTab, onClose }: DeveloperPanelProps) {
  const { t } = useTranslation();
  const { room } = useRoom(item);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  function onKey(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step === undefined ? undefined : tabs[tabs.indexOf(tab) + step];
    if (next === undefined) return;
    event.preventDefault();
    onTab(next);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  }

  return (
    <section
      className={styles.panel}
      aria-label={t("developer.title")}
      onKeyDown={({ key, defaultPrevented }) => {
        if (key === "Escape" && !defaultPrevented) onClose();
      }}
    >
      <div className={styles.head}>
        <div ref={list} role="tablist" aria-label={t("developer.title")} className={styles.tabs}>
          {tabs.map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`${id}-${one}`}
              className={styles.tab}
              aria-selected={one === tab}
              aria-controls={`${id}-panel`}
              tabIndex={one === tab ? 0 : -1}
              onClick={() => onTab(one)}
              onKeyDown={onKey}
            >
              {t(`developer.${one}`)}
            </button>
          ))}
        </div>
        <IconButton path={CLOSE} label={t("developer.hide")} onClick={onClose} />
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${tab}`} className={styles.body}>
        {tab === "frames" ? (
          <Frames wire={room.wire} />
        ) : tab === "connections" ? (
          <LazyPart>
            <Connections item={item} />
          </LazyPart>
        ) : (
          <div className={styles.scroll}>
            <Snippets item={item} />
          </div>
        )}
      </div>
    </section>
  );
}
