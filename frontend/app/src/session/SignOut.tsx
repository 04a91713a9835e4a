// Ends the login, in every tab; asks first where something is not sent yet.
import { useRoom } from "alcove-react";
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { focusContent } from "../ui/focusContent";
import { useSession } from "./useSession";

/** What waits in the room of `item` would be deleted. */
export function SignOut({ item }: { readonly item: string }) {
  const { t } = useTranslation();
  const { session } = useSession();
  const queued = useRoom(item, (state) => state.queued);
  const [asking, setAsking] = useState(false);

  if (!asking)
    return (
      <Button onClick={() => (queued > 0 ? setAsking(true) : void session.signOut())}>
        {t("session.signOut")}
      </Button>
    );
  return (
    <div role="alert">
      <p>{t("session.unsent", { count: queued })}</p>
      <Button weight="strong" onClick={() => void session.signOut()}>
        {t("session.signOut")}
      </Button>
      <Button
        onClick={() => {
          focusContent();
          setAsking(false);
        }}
      >
        {t("cancel")}
      </Button>
    </div>
  );
}
