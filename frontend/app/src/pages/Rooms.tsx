// The list of rooms beside the room that the address names, or beside the card that leads to one.

import { AlcoveProvider, Boundary, RoomList } from "alcove-react";
import { lazy, type ReactNode } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/useSession";
import { LazyPart } from "../ui/LazyPart";
import { ReloadOffer } from "../ui/ReloadOffer";
import { roomHref } from "../ui/roomHref";
import { useTitle } from "../ui/useTitle";
import { RoomPage } from "./RoomPage";
import styles from "./Rooms.module.css";

// Not needed by who comes back to a room.
const ConnectCard = lazy(() => import("../tutorial/ConnectCard"));

/** `item`: null on the first page. */
export function Rooms({ item }: { readonly item: string | null }) {
  const { components } = useTranslation();
  const { credential, client, session } = useSession();
  const [, go] = useLocation();

  const card = (
    <Welcome item={item}>
      <LazyPart>
        <ConnectCard
          key={item}
          item={item}
          credential={credential}
          onConnect={(chosen, fresh) => {
            session.enter(fresh);
            go(roomHref(chosen));
          }}
        />
      </LazyPart>
    </Welcome>
  );
  if (client === null) return <div className={styles.alone}>{card}</div>;
  const list = <RoomList current={item} hrefOf={roomHref} onOpen={(chosen) => go(roomHref(chosen))} />;
  return (
    <AlcoveProvider client={client} strings={components}>
      {item === null ? (
        <div className={styles.first}>
          <div className={styles.list}>{list}</div>
          {card}
        </div>
      ) : (
        <Boundary fallback={<ReloadOffer what="room" />} resetKey={`${item} ${credential?.token}`}>
          <RoomPage key={item} item={item} list={list} />
        </Boundary>
      )}
    </AlcoveProvider>
  );
}

function Welcome({ item, children }: { readonly item: string | null; readonly children: ReactNode }) {
  const { t } = useTranslation();
  useTitle(item ?? t("rooms.title"));

  return (
    <div className={styles.card}>
      <h1 className={styles.title}>{item ?? t("rooms.title")}</h1>
      <p className={styles.lead}>{t("rooms.lead")}</p>
      {children}
    </div>
  );
}
