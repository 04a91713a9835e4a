// One labelled line of text, with a hint and, when it is wrong, what is wrong with it.
import { type ComponentProps, useId } from "react";
import styles from "./Field.module.css";

type FieldProps = Omit<ComponentProps<"input">, "onChange" | "id"> & {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: string;
  /** What is wrong; undefined while nothing is. */
  readonly wrong?: string | undefined;
};

export function Field({ label, onValue, hint, wrong, ...input }: FieldProps) {
  const id = useId();
  const note = wrong ?? hint;

  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        className={styles.input}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={wrong !== undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        onChange={(event) => onValue(event.target.value)}
      />
      {note !== undefined && (
        <p id={`${id}-note`} className={wrong === undefined ? styles.hint : styles.wrong}>
          {note}
        </p>
      )}
    </div>
  );
}
