// In place of the composer, where the member cannot be in the room: one sentence, and one way on.
import type { Room, RoomState } from "alcove-client";
import { type ReactNode, useEffect, useState } from "react";
import { useAlcoveContext } from "../provider";
import styles from "./NoAccess.module.css";

type NoAccessProps = {
  readonly room: Room;
  readonly state: RoomState;
  readonly text: string;
  /** Replaces the way on. */
  readonly children: ReactNode;
};

export default function NoAccess({ room, state, text, children }: NoAccessProps) {
  const { t } = useAlcoveContext();
  return (
    <div className={styles.notice}>
      <p title={state.error?.message || undefined}>{text}</p>
      {state.retryAt !== null && <NextAttempt at={state.retryAt} />}
      {children ??
        (state.status !== "signedOut" && (
          <button type="button" className={styles.way} onClick={() => room.reconnect()}>
            {t("message.retry")}
          </button>
        ))}
    </div>
  );
}

/** When the next attempt is made; hidden from screen readers, which would read out every second. */
function NextAttempt({ at }: { readonly at: number }) {
  const { t } = useAlcoveContext();
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(tick);
  }, []);

  const count = Math.max(0, Math.ceil((at - now) / 1000));
  return (
    <p className={styles.aside} aria-hidden="true">
      {t("status.nextAttempt", { count })}
    </p>
  );
}
