// Holds the tab's session around everything that needs one.
import type { ReactNode } from "react";
import type { World } from "../client/world";
import { SessionContext, useNewSession } from "../hooks/session";

export function Entrance({ world, children }: { readonly world: World; readonly children: ReactNode }) {
  return <SessionContext value={useNewSession(world)}>{children}</SessionContext>;
}
