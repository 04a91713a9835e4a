// The first page: the way back into the last room for a member, the first steps for everybody else.

import { useRooms } from "alcove-react";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import FirstRun from "../home/FirstRun";
import { useSession } from "../session/useSession";
import { kept } from "../ui/kept";
import { roomHref } from "../ui/roomHref";

export default function Home() {
  const { client } = useSession();
  return client === null ? <FirstRun item={null} /> : <LatestRoom />;
}

/** How long the list of rooms is waited for, in ms: a token that is refused never gets one. */
const WAIT_MS = 2000;

/** Opens the room that was open last, else the first one of the list; a member without rooms gets the first steps. */
function LatestRoom() {
  const { rooms, status } = useRooms();
  const [, go] = useLocation();
  const latest = kept("room") ?? rooms[0]?.item ?? null;

  useEffect(() => {
    if (latest !== null) go(roomHref(latest), { replace: true });
  }, [latest, go]);

  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), WAIT_MS);
    return () => clearTimeout(timer);
  }, []);

  if (latest !== null || !(waited || status === "live")) return null;
  return <FirstRun item={null} />;
}
