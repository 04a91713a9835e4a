// Ends the login, in every tab; asks first where something is not sent yet.
import { useState } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import { useSession } from "./session";

/** `waiting`: drafts that are not in the log yet; they are deleted. */
export function SignOut({ waiting }: { readonly waiting: number }) {
  const { t } = useTranslation();
  const { signOut } = useSession();
  const [asking, setAsking] = useState(false);

  if (!asking)
    return (
      <Button onClick={() => (waiting > 0 ? setAsking(true) : void signOut())}>{t("session.signOut")}</Button>
    );
  return (
    <div role="alert">
      <p>{t("session.unsent", { count: waiting })}</p>
      <Button weight="strong" onClick={() => void signOut()}>
        {t("session.signOut")}
      </Button>
      <Button onClick={() => setAsking(false)}>{t("room.cancel")}</Button>
    </div>
  );
}
