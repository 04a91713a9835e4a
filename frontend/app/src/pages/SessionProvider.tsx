// Gives the page its session and the server's mode, and follows links that change only the fragment.

import { type ReactNode, useEffect } from "react";
import type { Session } from "../session/session";
import { ModeContext, useAskMode } from "../session/useMode";
import { SessionContext, useSession } from "../session/useSession";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";

const LinkRefused = lazyWithTexts(() => import("../ui/LinkRefused"));

type SessionProviderProps = { readonly session: Session; readonly children: ReactNode };

export function SessionProvider({ session, children }: SessionProviderProps) {
  const mode = useAskMode(session.platform);

  useEffect(() => {
    const follow = () => session.follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [session]);

  useEffect(() => {
    if (mode === "application") session.enterByApplication();
  }, [mode, session]);

  return (
    <SessionContext value={session}>
      <ModeContext value={mode}>{children}</ModeContext>
    </SessionContext>
  );
}

/** The offer to follow a link for another member, where one was refused. */
export function RefusedLink() {
  const { refused } = useSession();
  return <LazyPart>{refused !== null && <LinkRefused />}</LazyPart>;
}
