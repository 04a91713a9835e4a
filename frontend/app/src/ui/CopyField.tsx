// A text to be copied, in a field that can be selected where there is no clipboard.
import { CopyButton } from "./CopyButton";
import styles from "./CopyField.module.css";

type CopyFieldProps = { readonly label: string; readonly value: string };

export function CopyField({ label, value }: CopyFieldProps) {
  return (
    <div className={styles.row}>
      <input
        className={styles.input}
        aria-label={label}
        value={value}
        readOnly
        onFocus={({ target }) => target.select()}
      />
      <CopyButton text={value} />
    </div>
  );
}
