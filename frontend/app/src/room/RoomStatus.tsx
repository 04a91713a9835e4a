// How the room stands with its server, in words that never promise too much.

import type { Status } from "alcove-client";
import { closeCodes } from "alcove-client";
import { useEffect, useState } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./RoomStatus.module.css";

type RoomStatusProps = {
  readonly status: Status;
  /** Whether what waits outlives the page. */
  readonly durable: boolean;
  /** Drafts that are not in the log yet. */
  readonly waiting: number;
  readonly onNow: () => void;
};

export function RoomStatus({ status, durable, waiting, onNow }: RoomStatusProps) {
  const { t } = useTranslation();

  return (
    <div className={styles.status} data-is={status.is}>
      <span className={styles.lamp} aria-hidden="true" />
      <div role="status">
        <Words status={status} waiting={waiting} />
        {!durable && <span>{` · ${t("state.notDurable")}`}</span>}
      </div>
      {mayHurry(status) && (
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
      return <span>{t(status.over === "socket" ? "state.live" : "state.liveByEvents")}</span>;
    case "connecting":
      return <span>{t("state.connecting")}</span>;
    case "reconnecting":
      return (
        <>
          <span>{`${t("state.reconnecting")} `}</span>
          <Countdown key={status.until} until={status.until} />
          {waiting > 0 && <span>{` ${t("state.waiting", { count: waiting })}`}</span>}
        </>
      );
    case "awaitingToken":
      return (
        <>
          <span>{`${t("state.awaitingToken")} `}</span>
          <Countdown key={status.until} until={status.until} />
        </>
      );
    case "offline":
      return <span>{waiting > 0 ? t("state.offlineWaiting", { count: waiting }) : t("state.offline")}</span>;
    case "noAccess":
      return (
        <>
          <span title={status.reason}>
            {t("state.noAccess", {
              why: t(tokenProblem(status.problem) ?? whyOf(status.code), { code: status.code }),
            })}
          </span>
          <Next until={status.until} />
        </>
      );
    case "ended":
      return (
        <>
          <span>{t("state.ended")}</span>
          <Next until={status.until} />
        </>
      );
  }
}

/** Whether there is an attempt to come that may be made at once. */
function mayHurry(status: Status): boolean {
  return status.is === "reconnecting" || status.is === "offline" || status.is === "awaitingToken";
}

function Next({ until }: { readonly until: number | undefined }) {
  const { t } = useTranslation();
  if (until === undefined) return null;
  return (
    <>
      <span>{` ${t("state.again")} `}</span>
      <Countdown key={until} until={until} />
    </>
  );
}

/** The server's reason for refusing the credential, where it is a known one. */
function tokenProblem(problem: string | undefined) {
  switch (problem) {
    case "wrong_key":
    case "malformed":
    case "expired":
    case "not_yet_valid":
    case "revoked":
    case "signed_out":
    case "missing":
      return `token.${problem}` as const;
    default:
      return undefined;
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
