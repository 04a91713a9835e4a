// One room in the middle, the list of rooms on the left, members and developer tools on the right.

import { Members, Room, type RoomHandle, useMissedMessages, useRoom } from "alcove-react";
import { lazy, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "../i18n/translation";
import { useShortcuts } from "../shortcuts/useShortcuts";
import { keep, kept } from "../ui/kept";
import { LazyPart } from "../ui/LazyPart";
import { useTitle } from "../ui/useTitle";
import styles from "./Rooms.module.css";

const NoAccess = lazy(() => import("./NoAccess"));
const WirePanel = lazy(() => import("../devtools/WirePanel"));
const RoomSide = lazy(() => import("./RoomSide"));
const Shortcuts = lazy(() => import("../shortcuts/Shortcuts"));

type RoomPageProps = { readonly item: string; readonly list: ReactNode };

export function RoomPage({ item, list }: RoomPageProps) {
  const { t } = useTranslation();
  const room = useRef<RoomHandle>(null);
  const [open, setOpen] = useState<Panel | null>(null);
  const [wire, setWire] = useState(() => kept("wire") === "on");
  const [help, setHelp] = useState(false);

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
          requestAnimationFrame(() => document.querySelector<HTMLElement>("#rooms [type=search]")?.focus());
        },
        c: () => room.current?.focus(),
        w: toggleWire,
        end: () => room.current?.scrollToEnd(),
      }),
      [toggleWire],
    ),
  );

  return (
    <div className={styles.plan} data-open={open ?? "none"} data-wire={wire}>
      <RoomTitle item={item} />
      <div className={styles.list} id="rooms">
        {list}
      </div>
      <div className={styles.middle}>
        <Room
          ref={room}
          item={item}
          renderHeader={({ status }) => (
            <div className={styles.head}>
              <h1 className={styles.name} dir="auto" title={item}>
                {item}
              </h1>
              {status}
              <div className={styles.folds}>
                <Fold which="rooms" open={open} onOpen={setOpen} label={t("rooms.show")} />
                <Fold which="side" open={open} onOpen={setOpen} label={t("room.side")} />
              </div>
            </div>
          )}
          renderNoAccess={(state) => (
            <LazyPart>
              <NoAccess state={state} onEnter={() => room.current?.focus()} />
            </LazyPart>
          )}
        />
      </div>
      <div className={styles.side} id="side">
        <Members item={item} />
        <button type="button" className={styles.fold} aria-expanded={wire} onClick={toggleWire}>
          {t(wire ? "wire.hide" : "wire.show")}
        </button>
        {wire && (
          <LazyPart onClose={toggleWire}>
            <WireOf item={item} />
          </LazyPart>
        )}
        <LazyPart>
          <RoomSide item={item} />
        </LazyPart>
      </div>
      {help && (
        <LazyPart onClose={() => setHelp(false)}>
          <Shortcuts onClose={() => setHelp(false)} />
        </LazyPart>
      )}
    </div>
  );
}

/** The title of the tab counts what arrived while it was hidden. */
function RoomTitle({ item }: { readonly item: string }) {
  const missed = useMissedMessages(item);
  useTitle(missed > 0 ? `(${missed}) ${item}` : item);
  return null;
}

function WireOf({ item }: { readonly item: string }) {
  const { room } = useRoom(item);
  return <WirePanel wire={room.wire} />;
}

type Panel = "rooms" | "side";
type FoldProps = {
  readonly which: Panel;
  readonly open: Panel | null;
  readonly onOpen: (panel: Panel | null) => void;
  readonly label: string;
};

/** On narrow screens: shows and hides what is on the sides elsewhere. */
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
