// The buttons of a message, shown where the reader points or moves to it.

import type { Message } from "alcove-client";
import { useState } from "react";
import { Icon } from "../lib/Icon";
import { CHECK } from "../lib/icons";
import { useAlcoveContext } from "../provider";
import type { MessageActions } from "./actions";
import { type Choice, choicesOf } from "./choices";
import styles from "./Toolbar.module.css";

type ToolbarProps = { readonly message: Message; readonly own: boolean; readonly actions: MessageActions };

export default function Toolbar({ message, own, actions }: ToolbarProps) {
  const { t } = useAlcoveContext();
  const choices = choicesOf(message, own, actions, t);
  const [done, setDone] = useState<Choice["key"] | null>(null);
  if (choices.length === 0) return null;

  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t("message.actions")}>
      {choices.map(({ key, label, icon, act }) => {
        const isDone = done === key;
        const shown = isDone ? t("message.copied") : label;
        return (
          <button
            key={key}
            type="button"
            // Reached from the message by → (see useRoving), so that the log is one stop.
            tabIndex={-1}
            aria-label={shown}
            title={shown}
            data-choice={key}
            onBlur={() => setDone(null)}
            onPointerLeave={() => setDone(null)}
            onClick={() => {
              act();
              if (key === "copy" || key === "link") setDone(key);
            }}
          >
            <Icon path={isDone ? CHECK : icon} />
          </button>
        );
      })}
    </div>
  );
}
