// A choice of few, beside each other: radio buttons.
import { useId } from "react";
import styles from "./Segments.module.css";

type SegmentsProps<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [Value, string])[];
  readonly onValue: (value: Value) => void;
  /** Hides the label from view, in a row of other controls. */
  readonly isInRow?: boolean;
};

export function Segments<Value extends string>(props: SegmentsProps<Value>) {
  const { label, value, options, onValue, isInRow = false } = props;
  const name = useId();
  return (
    <fieldset className={styles.segments} data-in-row={isInRow}>
      <legend>{label}</legend>
      <div className={styles.row}>
        {options.map(([option, text]) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              onChange={() => onValue(option)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
