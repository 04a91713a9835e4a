// The buttons of a message, shown where the reader points or moves to it.

import { useState } from "react";
import { Icon } from "../lib/Icon";
import { useAlcoveContext } from "../provider";
import type { Choice } from "./choices";
import styles from "./Toolbar.module.css";

export function Toolbar({ choices }: { readonly choices: readonly Choice[] }) {
  const { t } = useAlcoveContext();
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
            <Icon name={isDone ? "check" : icon} />
          </button>
        );
      })}
    </div>
  );
}
