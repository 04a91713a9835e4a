// The state of a connection in words.

import { useTranslation } from "../i18n/translation";
import styles from "./ConnectionStatus.module.css";
import type { SocketState } from "./plainSocket";

/** Close codes that add nothing to the words (RFC 6455 section 7.4.1). */
const NORMAL = 1000;
const NO_CLOSE_FRAME = 1006;

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
          <span>{` ${t(`why.${state.why}`)}`}</span>
          {state.why === "refused" && <span>{` ${check}`}</span>}
          {state.code !== NORMAL && state.code !== NO_CLOSE_FRAME && (
            <span>{` ${t("status.code", { code: String(state.code) })}`}</span>
          )}
          {state.reason !== "" && <span>{` ${t("status.said", { reason: state.reason })}`}</span>}
          {state.again && <span>{` ${t("status.again")}`}</span>}
        </span>
      )}
    </div>
  );
}
