// How the room stands with its server, in words.

import { closeCodes, type Room, type RoomState } from "alcove-client";
import { useEffect, useState } from "react";
import { useAlcoveContext } from "../provider";
import type { T } from "../strings/strings";
import styles from "./RoomStatus.module.css";

type RoomStatusProps = {
  readonly room: Room;
  readonly state: RoomState;
  /** Called after the button that tries again at once was pressed: it goes away when the room is live. */
  readonly onReconnect: () => void;
};

export function RoomStatus({ room, state, onReconnect }: RoomStatusProps) {
  const { t } = useAlcoveContext();

  return (
    <div className={styles.status} data-status={state.status}>
      <span className={styles.lamp} aria-hidden="true" />
      <div role="status">
        <StatusText state={state} />
        {!state.durable && <span>{` · ${t("status.notDurable")}`}</span>}
      </div>
      {canHurry(state.status) && (
        <button
          type="button"
          className={styles.now}
          onClick={() => {
            room.reconnect();
            onReconnect();
          }}
        >
          {t("room.now")}
        </button>
      )}
    </div>
  );
}

function StatusText({ state }: { readonly state: RoomState }) {
  const { t } = useAlcoveContext();
  const { status, error, retryAt, queued, transport } = state;
  switch (status) {
    case "live":
      return <span>{t(transport === "events" ? "status.liveByEvents" : "status.live")}</span>;
    case "idle":
    case "connecting":
      return <span>{t("status.connecting")}</span>;
    case "reconnecting":
      return (
        <>
          <span>{`${t("status.reconnecting")} `}</span>
          <Countdown until={retryAt} />
          {queued > 0 && <span>{` ${t("status.waiting", { count: queued })}`}</span>}
        </>
      );
    case "awaitingToken":
      return (
        <>
          <span>{`${t("status.awaitingToken")} `}</span>
          <Countdown until={retryAt} />
        </>
      );
    case "offline":
      return <span>{queued > 0 ? t("status.offlineWaiting", { count: queued }) : t("status.offline")}</span>;
    case "noAccess":
      return (
        <>
          <span title={error?.message}>{t("status.noAccess", { why: whyOf(error, t) })}</span>
          <NextAttempt at={retryAt} />
        </>
      );
    case "ended":
      return (
        <>
          <span>{t("status.ended")}</span>
          <NextAttempt at={retryAt} />
        </>
      );
    case "signedOut":
      return <span>{t("status.signedOut")}</span>;
  }
}

/** Whether an attempt is due later that may be made at once. */
function canHurry(status: RoomState["status"]): boolean {
  return status === "reconnecting" || status === "offline" || status === "awaitingToken";
}

function NextAttempt({ at }: { readonly at: number | null }) {
  const { t } = useAlcoveContext();
  if (at === null) return null;
  return (
    <>
      <span>{` ${t("status.nextAttempt")} `}</span>
      <Countdown until={at} />
    </>
  );
}

/** Return why there is no access, in the reader's language: the server's reason where it is known, else the close code. */
function whyOf(error: RoomState["error"], t: T): string {
  const code = error?.closeCode ?? 0;
  switch (error?.reason) {
    case "wrong_key":
    case "malformed":
    case "expired":
    case "not_yet_valid":
    case "revoked":
    case "signed_out":
    case "missing":
      return t(`token.${error.reason}`, { code });
    default:
      return t(`closed.${closeCodes.get(code)?.meaning ?? "other"}`, { code });
  }
}

/** Seconds left; hidden from screen readers, which would read out every change. */
function Countdown({ until }: { readonly until: number | null }) {
  const { t } = useAlcoveContext();
  const [now, setNow] = useState(Date.now);

  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(tick);
  }, []);

  if (until === null) return null;
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return <span aria-hidden="true">{t("status.in", { seconds })}</span>;
}
