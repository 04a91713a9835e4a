// Whether the server is in open mode, as far as it answered.

import type { Platform } from "alcove-client";
import { useEffect, useState } from "react";
import { isOpenMode } from "./mode";

export function useOpenMode(platform: Platform): boolean {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let cancelled = false;
    isOpenMode(location.origin, platform).then(
      (found) => cancelled || setOpen(found),
      () => undefined,
    );
    return () => {
      cancelled = true;
    };
  }, [platform]);
  return open;
}
