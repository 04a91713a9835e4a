// The message that the address names: `…/items/order-42#message-7`.
import { useCallback, useSyncExternalStore } from "react";
import { roomPath } from "../ui/roomHref";

const MARK = "#message-";

type LinkedMessage = {
  /** Its number; null where the address names none. */
  readonly message: number | null;
  readonly messageHref: (seq: number) => string;
};

export function useLinkedMessage(item: string): LinkedMessage {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  const messageHref = useCallback((seq: number) => location.origin + roomPath(item) + MARK + seq, [item]);
  const seq = hash.startsWith(MARK) ? Number(hash.slice(MARK.length)) : null;
  return { message: seq, messageHref };
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
