// What a log without messages shows.
import type { RoomState } from "alcove-client";
import { useAlcoveContext } from "../provider";
import styles from "./Empty.module.css";
import { Skeleton } from "./Skeleton";

export function Empty({ state }: { readonly state: RoomState }) {
  const { t } = useAlcoveContext();
  const { messages, status, joined, me } = state;
  if (messages.length > 0) return null;
  const isClosed = status === "noAccess" || status === "ended" || status === "signedOut";
  if (!isClosed && status !== "live" && joined === null) return <Skeleton label={t("room.opening")} />;
  return (
    <div className={styles.empty}>
      <svg width="56" height="72" viewBox="0 0 56 72" aria-hidden="true">
        <path className={styles.arch} d="M2 70V28a26 26 0 0 1 52 0v42Z" />
        {!isClosed && <circle className={styles.lamp} cx="28" cy="30" r="4" />}
      </svg>
      {!isClosed && <p>{t(me?.can.includes("write") ? "room.empty" : "room.emptyReadOnly")}</p>}
    </div>
  );
}
