// The server's mode in React: asked once, and shared by the whole page.

import type { Platform } from "alcove-client";
import { createContext, useContext, useEffect, useState } from "react";
import { type Mode, modeOf } from "./mode";

export const ModeContext = createContext<Mode>("unknown");

/** Return the mode that SessionProvider has found. */
export function useOpenMode(): Mode {
  return useContext(ModeContext);
}

export function useAskMode(platform: Platform): Mode {
  const [mode, setMode] = useState<Mode>("unknown");
  useEffect(() => {
    let cancelled = false;
    void modeOf(location.origin, platform).then((found) => cancelled || setMode(found));
    return () => {
      cancelled = true;
    };
  }, [platform]);
  return mode;
}
