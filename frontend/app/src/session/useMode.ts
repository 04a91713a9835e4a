// Whether the server is in open mode, as far as it answered.

import type { World } from "alcove-client";
import { useEffect, useState } from "react";
import { isOpenMode } from "./mode";

export function useOpenMode(world: World): boolean {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    let over = false;
    isOpenMode(location, world).then(
      (found) => over || setOpen(found),
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [world]);
  return open;
}
