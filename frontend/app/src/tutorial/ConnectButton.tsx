// Connect, which becomes Disconnect.

import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import type { SocketState } from "./plainSocket";

type ConnectButtonProps = {
  readonly state: SocketState;
  /** Left out inside a form, where connecting is what submitting does. */
  readonly onConnect?: () => void;
  readonly onDisconnect: () => void;
};

export function ConnectButton({ state, onConnect, onDisconnect }: ConnectButtonProps) {
  const { t } = useTranslation();
  const live = state.is === "connecting" || state.is === "open";

  return (
    <Button
      type={onConnect === undefined ? "submit" : "button"}
      weight={live ? "plain" : "strong"}
      onClick={(event) => {
        if (!live) return onConnect?.();
        event.preventDefault(); // or the form would connect again
        onDisconnect();
      }}
    >
      {t(live ? "disconnect" : "connect")}
    </Button>
  );
}
