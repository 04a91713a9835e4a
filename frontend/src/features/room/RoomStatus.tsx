// How the room stands with its server, in words that never promise too much.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { closeCodes } from "../../client/closeCodes";
import type { Status } from "../../client/status";
import styles from "./RoomStatus.module.css";

type RoomStatusProps = {
  readonly status: Status;
  /** Drafts that are not in the log yet. */
  readonly waiting: number;
  readonly onNow: () => void;
};

export function RoomStatus({ status, waiting, onNow }: RoomStatusProps) {
  const { t } = useTranslation();

  return (
    <div className={styles.status} data-is={status.is}>
      <span className={styles.lamp} aria-hidden="true" />
      <div role="status">
        <Words status={status} waiting={waiting} />
      </div>
      {(status.is === "reconnecting" || status.is === "offline") && (
        <button type="button" className={styles.now} onClick={onNow}>
          {t("room.now")}
        </button>
      )}
    </div>
  );
}

function Words({ status, waiting }: Pick<RoomStatusProps, "status" | "waiting">) {
  const { t } = useTranslation();
  switch (status.is) {
    case "live":
      return status.over === "socket" ? t("state.live") : t("state.liveByEvents");
    case "connecting":
      return t("state.connecting");
    case "reconnecting":
      return (
        <>
          {t("state.reconnecting")} <Countdown key={status.until} until={status.until} />
          {waiting > 0 && ` ${t("state.waiting", { count: waiting })}`}
        </>
      );
    case "offline":
      return waiting > 0 ? t("state.offlineWaiting", { count: waiting }) : t("state.offline");
    case "noAccess":
      return (
        <span title={status.reason}>
          {t("state.noAccess", { why: t(whyOf(status.code), { code: status.code }) })}
        </span>
      );
    case "ended":
      return t("state.ended");
  }
}

/** Why the server closed, in the reader's language. */
function whyOf(code: number) {
  return `why.${closeCodes.get(code)?.meaning ?? "other"}` as const;
}

/** Seconds left, for the eye only: a number that changes every second is no news to read out. */
function Countdown({ until }: { readonly until: number }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(tick);
  }, []);

  return (
    <span aria-hidden="true">{t("state.in", { seconds: Math.max(0, Math.ceil((until - now) / 1000)) })}</span>
  );
}
