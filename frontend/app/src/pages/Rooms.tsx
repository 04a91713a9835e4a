// Home: the rooms at the side, and the one that the address names, or the card that leads to one.

import { useItems } from "alcove-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { RoomList } from "../rooms/RoomList";
import { useSession } from "../session/session";
import { ConnectCard } from "../tutorial/ConnectCard";
import { Boundary } from "../ui/Boundary";
import { ReloadOffer } from "../ui/ReloadOffer";
import { roomHref } from "../ui/roomHref";
import { useTitle } from "../ui/useTitle";
import { RoomPage } from "./RoomPage";
import styles from "./Rooms.module.css";

/** `item`: null on the first page. */
export function Rooms({ item }: { readonly item: string | null }) {
  const { credential, rooms, enter } = useSession();
  const [, go] = useLocation();
  const [news, setNews] = useState(0);
  const items = useItems(rooms, `${item} ${news}`);

  const card = (
    <Welcome item={item}>
      <ConnectCard
        key={item}
        item={item}
        credential={credential}
        onConnect={(chosen, fresh) => {
          enter(fresh);
          go(roomHref(chosen));
        }}
      />
    </Welcome>
  );
  if (rooms === null) return <div className={styles.alone}>{card}</div>;
  const list = <RoomList rooms={rooms} items={items} current={item} />;
  if (item === null)
    return (
      <div className={styles.first}>
        <div className={styles.list}>{list}</div>
        {card}
      </div>
    );
  // Another room, or the same one as somebody else, begins from nothing.
  const key = `${rooms.key} ${item}`;
  return (
    <Boundary fallback={<ReloadOffer what="room" />} resetKey={key}>
      <RoomPage key={key} item={item} list={list} onNews={setNews} />
    </Boundary>
  );
}

function Welcome({ item, children }: { readonly item: string | null; readonly children: React.ReactNode }) {
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
