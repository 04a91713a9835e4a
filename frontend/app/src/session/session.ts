// The credential of this tab: from the address's fragment or the Connect card, kept for the tab and no longer.

import type { World } from "alcove-client";
import { type Credential, loginOf, memberKey, Rooms } from "alcove-client";
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { arrived, forgetCredential, keepCredential, keptCredential } from "./credential";

export type Session = {
  /** Null while nobody has said who they are. */
  readonly credential: Credential | null;
  readonly rooms: Rooms | null;
  /** Where what is being written is kept. */
  readonly notes: Pick<World, "notes" | "tabNotes">;
  /** What a link would sign in, while another member is signed in here. */
  readonly refused: Credential | null;
  readonly enter: (credential: Credential) => void;
  /** Ends the login on the server, and removes what this browser holds of it, in every tab. */
  readonly signOut: () => Promise<void>;
  /** Leaves the link alone. */
  readonly dismiss: () => void;
};

type Known = Pick<Session, "credential" | "rooms" | "refused">;

export const SessionContext = createContext<Session | null>(null);

/** Throws outside of its context. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("useSession() needs a SessionContext around it");
  return session;
}

/** The session to put into the context. */
export function useNewSession(world: World): Session {
  const [known, setKnown] = useState<Known>(() => begin(world));
  const { credential, rooms, refused } = known;

  /** The same member goes on with another token; another member begins from nothing. */
  const enter = useCallback(
    (fresh: Credential) => {
      keepCredential(fresh);
      if (rooms !== null && credential !== null && fresh.token !== null && isSame(credential, fresh)) {
        rooms.renewWith(fresh);
        setKnown({ credential: fresh, rooms, refused: null });
      } else setKnown({ credential: fresh, rooms: open(fresh, world), refused: null });
    },
    [credential, rooms, world],
  );

  const leave = useCallback(() => {
    forgetCredential();
    setKnown({ credential: null, rooms: null, refused: null });
  }, []);

  // A link to the room that is open changes nothing but the fragment: the page is not loaded again.
  useEffect(() => {
    const onFragment = () => {
      const fresh = arrived.take();
      if (fresh === null) return;
      if (credential !== null && !isSame(credential, fresh)) setKnown({ credential, rooms, refused: fresh });
      else enter(fresh);
    };
    addEventListener("hashchange", onFragment);
    return () => removeEventListener("hashchange", onFragment);
  }, [credential, rooms, enter]);

  useEffect(() => rooms?.attach(leave), [rooms, leave]);

  return useMemo(
    () => ({
      credential,
      rooms,
      notes: world,
      refused,
      enter,
      signOut: async () => {
        await rooms?.signOut();
        leave();
      },
      dismiss: () => setKnown({ credential, rooms, refused: null }),
    }),
    [credential, rooms, refused, enter, leave, world],
  );
}

/** A link signs in whom it names, unless somebody else is signed in here: that would put their words under its name. */
function begin(world: World): Known {
  const fresh = arrived.take();
  const login = loginOf(location, world);
  const kept = keptCredential();
  const current = kept ?? (fresh !== null && login !== null ? { token: null, name: null } : null);
  if (fresh === null || current === null || isSame(current, fresh, login)) {
    const credential = fresh ?? kept;
    if (credential !== null) keepCredential(credential);
    return { credential, rooms: credential === null ? null : open(credential, world), refused: null };
  }
  return { credential: current, rooms: open(current, world), refused: fresh };
}

function open(credential: Credential, world: World): Rooms {
  return new Rooms(credential, location, world, keepCredential);
}

/** `login`: whose the login cookie is, where a credential is that. */
function isSame(one: Credential, other: Credential, login: string | null = null): boolean {
  return (memberKey(one) ?? login) === (memberKey(other) ?? login);
}
