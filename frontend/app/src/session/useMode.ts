// The server's mode in React: asked once, and shared by the whole page.

import type { Platform } from "alcove-client";
import { createContext, useContext, useEffect, useState } from "react";
import { SERVER } from "../ui/base";
import { askMode, type Mode } from "./mode";

export const ModeContext = createContext<Mode>("unknown");

/** Return the mode that SessionProvider has found. */
export function useOpenMode(): Mode {
  return useContext(ModeContext);
}

export function useAskMode(platform: Platform): Mode {
  const [mode, setMode] = useState<Mode>("unknown");
  useEffect(() => {
    let cancelled = false;
    askMode(SERVER, platform)
      // Where it does not answer, nothing that needs open mode can be offered.
      .catch(() => "signed" as const)
      .then((found) => cancelled || setMode(found));
    return () => {
      cancelled = true;
    };
  }, [platform]);
  return mode;
}
