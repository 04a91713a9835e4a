// The offer to reload after code that no place on the page stands for could not be loaded.
import { useSyncExternalStore } from "react";
import { closeMissingPart, onMissingPart, partIsMissing } from "./loadPart";
import { ReloadOffer } from "./ReloadOffer";

export function MissingPart() {
  const missing = useSyncExternalStore(onMissingPart, partIsMissing);
  return missing && <ReloadOffer what="part" onClose={closeMissingPart} />;
}
