// The way back into a room that another token may open.

import type { RoomState } from "alcove-client";
import { useTranslation } from "../i18n/translation";
import { useOpenMode } from "../session/useMode";
import { useSession } from "../session/useSession";
import { FreshToken } from "../tutorial/FreshToken";

type NoAccessProps = { readonly state: RoomState; readonly onEnter: () => void };

export default function NoAccess({ state, onEnter }: NoAccessProps) {
  const { t } = useTranslation();
  const { credential, session } = useSession();
  const mode = useOpenMode();
  const ended = state.status === "ended";
  if (credential === null || mode === "application") return null;
  return (
    <FreshToken
      credential={credential}
      lead={t(ended ? "room.endedLead" : "room.freshToken")}
      onConnect={(fresh) => {
        session.enter(fresh);
        onEnter();
      }}
    />
  );
}
