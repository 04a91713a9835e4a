// The state of a connection in words.

import { useTranslation } from "../i18n/translation";
import styles from "./ConnectionStatus.module.css";
import type { SocketState } from "./plainSocket";

type ConnectionStatusProps = {
  readonly state: SocketState;
  /** What to look at when the server refuses or cannot be reached. */
  readonly check: string;
};

export function ConnectionStatus({ state, check }: ConnectionStatusProps) {
  const { t } = useTranslation();
  const word = state.is === "idle" ? "closed" : state.is;

  return (
    <div role="status" className={styles.status}>
      <strong className={styles.word}>{t(`status.${word}`)}</strong>
      {state.is === "idle" && <span className={styles.why}>{` ${t("why.idle")}`}</span>}
      {state.is === "closed" && (
        <span className={styles.why}>
          <span>{` ${t(`why.${state.why}`, { code: String(state.code) })}`}</span>
          {state.why === "refused" && <span>{` ${check}`}</span>}
          {state.reason !== "" && <span>{` ${t("status.said", { reason: state.reason })}`}</span>}
          {state.again && <span>{` ${t("status.again")}`}</span>}
        </span>
      )}
    </div>
  );
}
