// Holds the tab's session around everything that needs one, and says above it where anyone may come in.
import { lazy, type ReactNode } from "react";
import type { World } from "../client/world";
import { useOpenMode } from "../hooks/mode";
import { SessionContext, useNewSession } from "../hooks/session";
import { LazyPart } from "../ui/LazyPart";
import { OpenMode } from "../ui/OpenMode";

const LinkRefused = lazy(() => import("../ui/LinkRefused"));

export function Entrance({ world, children }: { readonly world: World; readonly children: ReactNode }) {
  const session = useNewSession(world);
  const open = useOpenMode(world);
  return (
    <SessionContext value={session}>
      {open && <OpenMode />}
      <LazyPart>{session.refused !== null && <LinkRefused />}</LazyPart>
      {children}
    </SessionContext>
  );
}
