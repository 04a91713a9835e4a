// What can be done with a message, on a touch screen: a sheet that a long press opens.

import { useEffect, useRef } from "react";
import { Icon } from "../lib/Icon";
import { useAlcoveContext } from "../provider";
import type { Choice } from "./choices";
import styles from "./Sheet.module.css";

type SheetProps = {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly onClose: () => void;
};

export default function Sheet({ label, choices, onClose }: SheetProps) {
  const { t } = useAlcoveContext();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-label={label}
      onClose={onClose}
      // A press beside the sheet is one on the dialog itself.
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
    >
      <div className={styles.rows}>
        {choices.map(({ key, label: text, icon, act }) => (
          <button
            key={key}
            type="button"
            data-choice={key}
            onClick={() => {
              dialog.current?.close();
              act();
            }}
          >
            <Icon name={icon} size={18} />
            <span>{text}</span>
          </button>
        ))}
        <button type="button" className={styles.cancel} onClick={() => dialog.current?.close()}>
          {t("message.cancel")}
        </button>
      </div>
    </dialog>
  );
}
