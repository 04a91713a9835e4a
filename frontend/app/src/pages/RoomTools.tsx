// The ways from a room's header to the code that embeds it and to its details: one stop of Tab, arrow keys move in it.

import { Icon } from "alcove-react";
import { type KeyboardEvent, type Ref, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { PHONE, useMedia } from "../shell/useMedia";
import { CODE, DETAILS } from "../ui/icons";
import styles from "./RoomTools.module.css";

type RoomToolsProps = {
  readonly ref: Ref<HTMLDivElement>;
  readonly embed: boolean;
  readonly details: boolean;
  readonly onEmbed: () => void;
  readonly onDetails: () => void;
};

export function RoomTools({ ref, embed, details, onEmbed, onDetails }: RoomToolsProps) {
  const { t } = useTranslation();
  const [stop, setStop] = useState(0);
  const isPhone = useMedia(PHONE);
  const all = [
    { icon: CODE, label: t("details.embed"), controls: "developer", isOpen: embed, onPress: onEmbed },
    { icon: DETAILS, label: t("details.title"), controls: "details", isOpen: details, onPress: onDetails },
  ];
  // A phone has no room for both, and its details lead to the code, too.
  const tools = isPhone ? all.slice(1) : all;

  function onKey({ key, currentTarget }: KeyboardEvent<HTMLElement>) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
    currentTarget.querySelectorAll("button")[stop + step]?.focus();
  }

  return (
    <div ref={ref} role="toolbar" aria-label={t("details.tools")} className={styles.tools} onKeyDown={onKey}>
      {tools.map(({ icon, label, controls, isOpen, onPress }, index) => (
        <button
          key={controls}
          type="button"
          className={styles.tool}
          tabIndex={index === Math.min(stop, tools.length - 1) ? 0 : -1}
          aria-expanded={isOpen}
          aria-controls={controls}
          onFocus={() => setStop(index)}
          onClick={onPress}
        >
          <Icon path={icon} size={18} />
          <span>{label}</span>
        </button>
      ))}
    </div>
  );
}
