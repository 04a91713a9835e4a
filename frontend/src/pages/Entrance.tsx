// Holds the tab's session around everything that needs one, and says above it where anyone may come in.
import { lazy, type ReactNode, Suspense } from "react";
import type { World } from "../client/world";
import { useOpenMode } from "../hooks/mode";
import { SessionContext, useNewSession } from "../hooks/session";
import { OpenMode } from "../ui/OpenMode";

const LinkRefused = lazy(() => import("../ui/LinkRefused"));

export function Entrance({ world, children }: { readonly world: World; readonly children: ReactNode }) {
  const session = useNewSession(world);
  const open = useOpenMode(world);
  return (
    <SessionContext value={session}>
      {open && <OpenMode />}
      <Suspense>{session.refused !== null && <LinkRefused />}</Suspense>
      {children}
    </SessionContext>
  );
}
