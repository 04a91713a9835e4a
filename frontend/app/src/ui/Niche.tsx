// The alcove itself: an arched niche in the wall, lit while its conversation is live.
import type { ReactNode } from "react";
import styles from "./Niche.module.css";

type NicheProps = {
  /** A flatter arch, where what stands inside needs the room. */
  readonly low?: boolean;
  readonly light: "out" | "kindling" | "lit";
  /** Shown under the arch. */
  readonly crown: ReactNode;
  readonly children: ReactNode;
  /** The sill at the foot. */
  readonly sill: ReactNode;
};

export function Niche({ low = false, light, crown, children, sill }: NicheProps) {
  return (
    <div className={styles.niche} data-light={light} data-low={low}>
      <div className={styles.crown}>
        <span className={styles.lamp} aria-hidden="true" />
        {crown}
      </div>
      <div className={styles.inside}>{children}</div>
      <div className={styles.sill}>{sill}</div>
    </div>
  );
}
