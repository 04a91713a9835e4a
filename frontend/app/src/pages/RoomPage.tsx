// One room: its messages in the middle, the rooms at the left, members and wire at the right.

import { aboutToken } from "alcove-client";
import { lazy, type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { Alerts } from "../alerts/Alerts";
import { RoomComposer } from "../composer/RoomComposer";
import { useWriting } from "../composer/useWriting";
import { useTranslation } from "../i18n/translation";
import { Members, TypingLine } from "../members/Members";
import { Announcer } from "../messages/Announcer";
import { RoomLog } from "../messages/RoomLog";
import { RoomStatus } from "../room/RoomStatus";
import { SaveConversation } from "../room/SaveConversation";
import { useUnreadTitle } from "../room/useUnreadTitle";
import { SignOut } from "../session/SignOut";
import { useSession } from "../session/session";
import { useRoom } from "../session/useRoom";
import { useShortcuts } from "../shortcuts/useShortcuts";
import { FreshToken } from "../tutorial/FreshToken";
import { keep, kept } from "../ui/kept";
import { LazyPart } from "../ui/LazyPart";
import { Niche } from "../ui/Niche";
import styles from "./Rooms.module.css";

const WirePanel = lazy(() => import("../devtools/WirePanel"));
const Shortcuts = lazy(() => import("../shortcuts/Shortcuts"));

type RoomPageProps = {
  readonly item: string;
  readonly list: ReactNode;
  /** The room's last seq has moved. */
  readonly onNews: (cursor: number) => void;
};

/** News count as told when nothing has followed them for so long, in ms: a flood is told once. */
const QUIET_MS = 500;

const light = {
  live: "lit",
  connecting: "kindling",
  reconnecting: "kindling",
  offline: "out",
  awaitingToken: "kindling",
  noAccess: "out",
  ended: "out",
} as const;

export function RoomPage({ item, list, onNews }: RoomPageProps) {
  const { t } = useTranslation();
  const { credential, enter, notes } = useSession();
  const { room, view } = useRoom(item);
  const { status, me, limits, rows, changes, cursor, typing } = view;
  const writing = useWriting(room, view, notes);
  const [open, setOpen] = useState<"rooms" | "side" | null>(null);
  const [wire, setWire] = useState(() => kept("wire") === "on");
  const [help, setHelp] = useState(false);
  const waiting =
    rows.filter((row) => row.type === "draft" && row.progress.is === "waiting").length +
    [...changes.values()].filter(({ progress }) => progress.is === "waiting").length;
  // Events themselves may only read, and do not tell what HTTP may do.
  const byEvents = status.is === "live" && status.over === "events";
  const mayWrite = byEvents || me === null || me.can.includes("write");
  useUnreadTitle(item, view);

  useEffect(() => {
    const quiet = setTimeout(() => onNews(cursor), QUIET_MS);
    return () => clearTimeout(quiet);
  }, [onNews, cursor]);

  const toggleWire = useCallback(() => {
    setWire((on) => {
      keep("wire", on ? null : "on");
      return !on;
    });
  }, []);

  useShortcuts(
    useMemo(
      () => ({
        "?": () => setHelp(true),
        "/": () => {
          setOpen("rooms");
          requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-shortcut=search]")?.focus());
        },
        c: () => writing.field.current?.focus(),
        w: toggleWire,
        end: writing.toNewest,
      }),
      [writing.field, writing.toNewest, toggleWire],
    ),
  );

  function reconnect() {
    room.reconnect();
    // The button goes away once the room is live.
    writing.field.current?.focus();
  }

  const shut = status.is === "ended" || (status.is === "noAccess" && aboutToken(status.code));

  return (
    <div className={styles.plan} data-open={open ?? "none"} data-wire={wire}>
      <div className={styles.list} id="rooms">
        {list}
      </div>
      <div className={styles.middle}>
        <Niche
          low
          light={light[status.is]}
          crown={
            <div className={styles.head}>
              <h1 className={styles.name} dir="auto" title={item}>
                {item}
              </h1>
              <RoomStatus status={status} durable={view.durable} waiting={waiting} onNow={reconnect} />
              <div className={styles.folds}>
                <Fold which="rooms" open={open} onOpen={setOpen} label={t("rooms.show")} />
                <Fold which="side" open={open} onOpen={setOpen} label={t("room.side")} />
              </div>
            </div>
          }
          sill={
            <RoomComposer
              {...writing.composer}
              status={status}
              limit={limits?.body_bytes ?? null}
              mayWrite={mayWrite}
            />
          }
        >
          <RoomLog room={room} view={view} actions={writing.actions} toNewest={writing.wishes} />
          <TypingLine typing={typing} />
          {shut && credential !== null && (
            <FreshToken
              credential={credential}
              lead={t(status.is === "ended" ? "room.endedLead" : "room.freshToken")}
              said={status.reason}
              onConnect={(fresh) => {
                enter(fresh);
                writing.field.current?.focus();
              }}
            />
          )}
        </Niche>
        <Announcer view={view} />
      </div>
      <div className={styles.side} id="side">
        <Members members={view.members} count={view.count} me={me} typing={typing} />
        <button type="button" className={styles.fold} aria-expanded={wire} onClick={toggleWire}>
          {t(wire ? "wire.hide" : "wire.show")}
        </button>
        {wire && (
          <LazyPart onClose={toggleWire}>
            <WirePanel wire={room.wire} />
          </LazyPart>
        )}
        <Alerts item={item} view={view} />
        <SaveConversation item={item} />
        <SignOut waiting={waiting} />
      </div>
      {help && (
        <LazyPart onClose={() => setHelp(false)}>
          <Shortcuts onClose={() => setHelp(false)} />
        </LazyPart>
      )}
    </div>
  );
}

type Panel = "rooms" | "side";
type FoldProps = {
  readonly which: Panel;
  readonly open: Panel | null;
  readonly onOpen: (panel: Panel | null) => void;
  readonly label: string;
};

/** On narrow screens: shows and hides what stands at the sides elsewhere. */
function Fold({ which, open, onOpen, label }: FoldProps) {
  return (
    <button
      type="button"
      className={styles.fold}
      aria-expanded={open === which}
      aria-controls={which}
      onClick={() => onOpen(open === which ? null : which)}
    >
      {label}
    </button>
  );
}
