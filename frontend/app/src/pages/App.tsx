// The whole page: its head, and the room that the address names.

import { isRoomId } from "alcove-client";
import { lazy, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation } from "wouter";
import { useTranslation } from "../i18n/translation";
import type { ItemQuery } from "../tutorial/urls";
import { Header } from "../ui/Header";
import { LazyPart } from "../ui/LazyPart";
import { MissingPart } from "../ui/MissingPart";
import styles from "./App.module.css";
import { NotFound } from "./NotFound";
import { Rooms } from "./Rooms";

// The tutorial's contracts are not what most come for.
const Chat = lazy(() => import("./Chat"));
const Echo = lazy(() => import("./Echo"));
const Playground = lazy(() => import("./Playground"));

const tutorial: ItemQuery = { itemId: "foo", token: "some-key-token", q: "" };

export function App() {
  const { t } = useTranslation();
  const [here] = useLocation();
  const content = useRef<HTMLElement>(null);
  const shown = useRef(here);
  // Kept here, above the pages, so that what was typed is still there on coming back.
  const [query, setQuery] = useState(tutorial);

  useEffect(() => {
    if (shown.current === here) return;
    shown.current = here;
    content.current?.focus();
  }, [here]);

  return (
    <>
      <Header />
      <MissingPart />
      <main
        ref={content}
        id="content"
        className={styles.content}
        data-wide={here.startsWith("/items/")}
        tabIndex={-1}
      >
        <LazyPart resetKey={here}>
          <Switch>
            <Route path="/">
              <Rooms item={null} />
            </Route>
            <Route path="/items/:item">
              {({ item }) =>
                isRoomId(item) ? <Rooms item={item} /> : <NotFound lead={t("item.itemIdShape")} />
              }
            </Route>
            <Route path="/playground">
              <Playground query={query} onQuery={setQuery} />
            </Route>
            <Route path="/echo">
              <Echo />
            </Route>
            <Route path="/chat">
              <Chat />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </LazyPart>
      </main>
    </>
  );
}
