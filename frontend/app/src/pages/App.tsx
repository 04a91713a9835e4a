// The whole page: its plan, and what the address names.

import { isRoomId } from "alcove-client";
import { AlcoveProvider } from "alcove-react";
import { type ReactNode, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import { useSession } from "../session/useSession";
import { Shell } from "../shell/Shell";
import { loadFont } from "../styles/loadFont";
import type { ItemQuery } from "../tutorial/urls";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";
import { MissingPart } from "../ui/MissingPart";
import { RoomOrLogin } from "./RoomOrLogin";
import { RefusedLink } from "./SessionProvider";

// Most come for a room.
const Home = lazyWithTexts(() => import("./Home"));
const NotFound = lazyWithTexts(() => import("./NotFound"));
const Chat = lazyWithTexts(() => import("./Chat"));
const Echo = lazyWithTexts(() => import("./Echo"));
const Playground = lazyWithTexts(() => import("./Playground"));

/** The address of a room. */
const ROOM = /^\/items\/([^/]+)\/?$/i;

const tutorial: ItemQuery = { itemId: "foo", token: "some-key-token", q: "" };

export function App() {
  const [here] = useLocation();
  const named = ROOM.exec(here)?.[1];
  const item = named !== undefined && isRoomId(named) ? named : null;
  // Kept here, above the pages, so that what was typed is still there on coming back.
  const [query, setQuery] = useState(tutorial);

  useEffect(() => {
    // A room asks for it itself, after its messages.
    if (!here.startsWith("/items/")) loadFont();
  }, [here]);

  function page() {
    switch ((here.length > 1 && here.endsWith("/") ? here.slice(0, -1) : here).toLowerCase()) {
      case "/":
        return <Home />;
      case "/playground":
        return <Playground query={query} onQuery={setQuery} />;
      case "/echo":
        return <Echo />;
      case "/chat":
        return <Chat />;
      default:
        return <NotFound isRoom={named !== undefined} />;
    }
  }

  return (
    <MemberClient>
      <Shell item={item}>
        <MissingPart />
        <RefusedLink />
        <LazyPart resetKey={here}>{item !== null ? <RoomOrLogin item={item} /> : page()}</LazyPart>
      </Shell>
    </MemberClient>
  );
}

/** Gives rooms and their list the client of the member who is signed in; without one there are neither. */
function MemberClient({ children }: { readonly children: ReactNode }) {
  const { components } = useTranslation();
  const { client } = useSession();
  if (client === null) return children;
  return (
    <AlcoveProvider client={client} strings={components}>
      {children}
    </AlcoveProvider>
  );
}
