// The credential of this tab: from the address's fragment or the Connect card, kept for the tab and no longer.
import { createContext, useContext, useEffect, useMemo, useState } from "react";
import type { Credential } from "../client/access";
import { Rooms } from "../client/rooms";
import type { World } from "../client/world";

const KEPT = "alcove.credential";

export type Session = {
  /** Null while nobody has said who they are. */
  readonly credential: Credential | null;
  readonly rooms: Rooms | null;
  readonly enter: (credential: Credential) => void;
};

export const SessionContext = createContext<Session | null>(null);

/** Throws outside of its context. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession() needs a SessionContext around it");
  return session;
}

/** The session to put into the context. */
export function useNewSession(world: World): Session {
  const [credential, setCredential] = useState(keptCredential);

  // A link to the room that is open changes nothing but the fragment: the page is not loaded again.
  useEffect(() => {
    const onFragment = () => {
      const fresh = takeFragment();
      if (fresh !== null) setCredential(fresh);
    };
    addEventListener("hashchange", onFragment);
    return () => removeEventListener("hashchange", onFragment);
  }, []);

  const rooms = useMemo(
    () => (credential === null ? null : new Rooms(credential, location, world, keepCredential)),
    [credential, world],
  );
  return useMemo(
    () => ({
      credential,
      rooms,
      enter: (fresh) => {
        keepCredential(fresh);
        setCredential(fresh);
      },
    }),
    [credential, rooms],
  );
}

/**
 * Takes `#token=…&name=…` out of the address: it is kept for the tab, and neither the history nor a copied link has it.
 * To be called before the first render, too.
 */
export function takeFragment(): Credential | null {
  const found = new URLSearchParams(location.hash.slice(1));
  const token = found.get("token");
  if (token === null) return null;
  const credential = { token, name: found.get("name") };
  keepCredential(credential);
  history.replaceState(history.state, "", location.pathname + location.search);
  return credential;
}

function keepCredential(credential: Credential): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(credential));
  } catch {
    // Where storage is forbidden the credential holds until reload.
  }
}

function keptCredential(): Credential | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (typeof kept === "object" && kept !== null && "token" in kept) return kept as Credential;
  } catch {
    // Forbidden, or not ours: as good as none.
  }
  return null;
}
