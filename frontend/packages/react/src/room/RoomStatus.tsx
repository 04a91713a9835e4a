// A lamp that is lit while the room is live, and a word beside it.

import type { RoomState } from "alcove-client";
import { useAlcoveContext } from "../provider";
import styles from "./RoomStatus.module.css";
import { statusText } from "./status";

export function RoomStatus({ state }: { readonly state: RoomState }) {
  const { t } = useAlcoveContext();
  return (
    // The room announces it to screen readers, with a header or without.
    <span className={styles.status} data-status={state.status} aria-hidden="true">
      <span className={styles.lamp} />
      <span>{statusText(state, t)}</span>
    </span>
  );
}
