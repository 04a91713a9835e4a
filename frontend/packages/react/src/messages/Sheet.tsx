// What can be done with a message, on a touch screen: a sheet that a long press opens.

import type { Message } from "alcove-client";
import { useEffect, useRef } from "react";
import { Icon } from "../lib/Icon";
import { useAlcoveContext } from "../provider";
import type { MessageActions } from "./actions";
import { choicesOf } from "./choices";
import styles from "./Sheet.module.css";

type SheetProps = {
  readonly label: string;
  readonly message: Message;
  readonly own: boolean;
  readonly actions: MessageActions;
  readonly onClose: () => void;
};

export default function Sheet({ label, message, own, actions, onClose }: SheetProps) {
  const { t } = useAlcoveContext();
  const choices = choicesOf(message, own, actions, t);
  const dialog = useRef<HTMLDialogElement>(null);
  const pressed = useRef(false);

  useEffect(() => dialog.current?.showModal(), []);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-label={label}
      onClose={onClose}
      onPointerDown={() => {
        pressed.current = true;
      }}
      // The finger that opened the sheet is lifted over it, which some browsers report as a click; keys have detail 0.
      onClickCapture={(event) => {
        if (event.detail > 0 && !pressed.current) event.stopPropagation();
      }}
      // A press outside the sheet hits the dialog itself.
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
            <Icon path={icon} size={18} />
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
