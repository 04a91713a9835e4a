// The tab's session in React.
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Session, SessionState } from "./session";

export const SessionContext = createContext<Session | null>(null);

/** Return the session and its state. Throws outside of its context. */
export function useSession(): SessionState & { readonly session: Session } {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("expected a SessionContext around the component");
  return { ...useSyncExternalStore(session.subscribe, session.getState), session };
}
