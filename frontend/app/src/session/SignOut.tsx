// Ends the login, in every tab; asks first where something is not sent yet.
import { useRoom } from "alcove-react";
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { focusContent } from "../ui/focusContent";
import styles from "./SignOut.module.css";
import { useSession } from "./useSession";

type SignOutProps = { readonly item: string | null; readonly className: string | undefined };

/** What waits in the room of `item` would be deleted. */
export function SignOut({ item, className }: SignOutProps) {
  return item === null ? (
    <SignOutButton queued={0} className={className} />
  ) : (
    <SignOutOfRoom item={item} className={className} />
  );
}

type SignOutOfRoomProps = { readonly item: string; readonly className: string | undefined };

function SignOutOfRoom({ item, className }: SignOutOfRoomProps) {
  return <SignOutButton queued={useRoom(item, (state) => state.queued)} className={className} />;
}

type SignOutButtonProps = { readonly queued: number; readonly className: string | undefined };

function SignOutButton({ queued, className }: SignOutButtonProps) {
  const { t } = useTranslation();
  const { session } = useSession();
  const [asking, setAsking] = useState(false);
  // The menu goes with the login, and the focus with it.
  const signOut = () => void session.signOut().then(() => requestAnimationFrame(focusContent));

  if (!asking)
    return (
      <button type="button" className={className} onClick={() => (queued > 0 ? setAsking(true) : signOut())}>
        {t("session.signOut")}
      </button>
    );
  return (
    <div role="alert">
      <p>{t("session.unsent", { count: queued })}</p>
      <div className={styles.actions}>
        <Button weight="strong" onClick={signOut}>
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
    </div>
  );
}
