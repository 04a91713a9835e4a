// Holds the tab's session around everything that needs one, and says above it where anyone may come in.

import type { World } from "alcove-client";
import { lazy, type ReactNode } from "react";
import { SessionContext, useNewSession } from "../session/session";
import { useOpenMode } from "../session/useMode";
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
