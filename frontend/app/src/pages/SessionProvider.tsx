// Gives the page its session, follows links that change only the fragment, and says when the server is in open mode.

import { lazy, type ReactNode, useEffect } from "react";
import type { Session } from "../session/session";
import { useOpenMode } from "../session/useMode";
import { SessionContext, useSession } from "../session/useSession";
import { LazyPart } from "../ui/LazyPart";
import { OpenMode } from "../ui/OpenMode";

const LinkRefused = lazy(() => import("../ui/LinkRefused"));

type SessionProviderProps = { readonly session: Session; readonly children: ReactNode };

export function SessionProvider({ session, children }: SessionProviderProps) {
  const open = useOpenMode(session.platform);

  useEffect(() => {
    const follow = () => session.follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [session]);

  return (
    <SessionContext value={session}>
      {open && <OpenMode />}
      <RefusedLink />
      {children}
    </SessionContext>
  );
}

function RefusedLink() {
  const { refused } = useSession();
  return <LazyPart>{refused !== null && <LinkRefused />}</LazyPart>;
}
