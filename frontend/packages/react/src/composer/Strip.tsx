// A line above the composer: what the member is doing to a message, or that the room is not live.
import type { ReactNode } from "react";
import styles from "./Strip.module.css";

type StripProps = {
  /** The text that it shows. */
  readonly text: string;
  readonly warning?: boolean;
  /** The one thing that can be done about it. */
  readonly children?: ReactNode;
};

export function Strip({ text, warning = false, children }: StripProps) {
  return (
    <div className={styles.strip} data-warning={warning}>
      <span className={styles.text}>{text}</span>
      {children}
    </div>
  );
}

type StripButtonProps = { readonly label: string; readonly onPress: () => void };

export function StripButton({ label, onPress }: StripButtonProps) {
  return (
    <button type="button" className={styles.button} onClick={onPress}>
      {label}
    </button>
  );
}
