// What a room shows before anything of it is known, on the server too.

import styles from "./Skeleton.module.css";

/** Widths of the bars that stand for lines of text, in percent. */
const BARS = [45, 70, 30, 60, 50];

export function Skeleton({ label }: { readonly label: string }) {
  return (
    <div className={styles.skeleton}>
      <p className={styles.label}>{label}</p>
      {BARS.map((width) => (
        <svg key={width} className={styles.bar} width={`${width}%`} height="14" aria-hidden="true">
          <rect width="100%" height="14" rx="4" />
        </svg>
      ))}
    </div>
  );
}
