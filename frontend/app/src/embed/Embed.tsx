// The room of one item and nothing else, as its host wants it.
import type { Client } from "alcove-client";
import { isThemeProperty } from "alcove-element";
import { AlcoveProvider, Boundary, en, Room, type RoomHandle, type Strings } from "alcove-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { ReloadOffer } from "../ui/ReloadOffer";
import styles from "./Embed.module.css";
import type { Host } from "./host";
import { useHeight } from "./useHeight";
import { useHostEvents } from "./useHostEvents";

type EmbedProps = { readonly host: Host; readonly client: Client; readonly item: string };

export function Embed({ host, client, item }: EmbedProps) {
  const options = useSyncExternalStore(host.subscribe, host.getOptions);
  const { roomName, readOnly, theme, properties } = options;
  const room = useRef<RoomHandle>(null);
  const strings = useStrings(options.language ?? navigator.language);
  useProperties(properties);

  useEffect(() => {
    host.onCommand((command) => {
      if (command === "focus") room.current?.focus();
      else if (command === "refresh") client.refresh();
      else void client.logout().then(() => host.loggedOut());
    });
  }, [host, client]);

  return (
    <Boundary fallback={<ReloadOffer what="room" />}>
      <AlcoveProvider client={client} strings={strings} theme={theme}>
        <Events host={host} item={item} />
        <Room
          ref={room}
          item={item}
          readOnly={readOnly}
          className={styles.embed ?? ""}
          renderHeader={({ state, status }) => (
            <>
              {roomName !== null && (
                <h1 className={styles.name} dir="auto">
                  {roomName}
                </h1>
              )}
              <div className={state.status === "live" ? styles.quiet : styles.strip}>{status}</div>
            </>
          )}
        />
      </AlcoveProvider>
    </Boundary>
  );
}

function Events({ host, item }: { readonly host: Host; readonly item: string }) {
  useHostEvents(host, item);
  useHeight(host);
  return null;
}

/** English is at hand; Spanish is loaded for those who need it. */
function useStrings(language: string): Strings {
  const [strings, setStrings] = useState<Strings>(en);
  const code = language.toLowerCase().split("-")[0] === "es" ? "es" : "en";

  useEffect(() => {
    let cancelled = false;
    document.documentElement.lang = code;
    if (code === "en") setStrings(en);
    else
      import("alcove-react/es").then(
        ({ es }) => cancelled || setStrings(es),
        // Gone after a deploy: English it is.
        () => undefined,
      );
    return () => {
      cancelled = true;
    };
  }, [code]);
  return strings;
}

/** Set the host's custom properties on the document: by CSSOM, which the content security policy allows. */
function useProperties(properties: Readonly<Record<string, string>>): void {
  useEffect(() => {
    const { style } = document.documentElement;
    const known = Object.entries(properties).filter(([name, value]) => isThemeProperty(name, value));
    for (const [name, value] of known) style.setProperty(name, value);
    return () => {
      for (const [name] of known) style.removeProperty(name);
    };
  }, [properties]);
}
