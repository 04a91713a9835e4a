// The buttons of a message, shown where the reader points or moves to it.

import type { Message } from "alcove-client";
import { type MouseEvent, useState } from "react";
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
            className={styles.button}
            data-choice={key}
            onBlur={() => setDone(null)}
            onPointerLeave={() => setDone(null)}
            onClick={(event) => {
              if (key === "delete" || key === "edit") hideUntilMoved(event);
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

/**
 * Hide the toolbar under the pointer: a second click would also delete the message that a deletion moves there, and after
 * an edit it would be over the text.
 */
function hideUntilMoved({ currentTarget, screenX, screenY }: MouseEvent) {
  const log = currentTarget.closest<HTMLElement>("[role=log]");
  if (log === null) return;
  const onMove = (move: PointerEvent) => {
    if (move.screenX === screenX && move.screenY === screenY) return; // only the list moved
    delete log.dataset.pointer;
    removeEventListener("pointermove", onMove);
  };
  log.dataset.pointer = "still";
  addEventListener("pointermove", onMove);
}
