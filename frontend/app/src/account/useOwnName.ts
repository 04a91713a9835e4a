// The reader's own name, as far as it is known without a room.
import { useTranslation } from "../i18n/translation";
import { nameOf } from "../session/credential";
import { useSession } from "../session/useSession";

/** Return the name; null if no member is signed in. A login cookie does not tell whose it is. */
export function useOwnName(): string | null {
  const { t } = useTranslation();
  const { credential } = useSession();
  if (credential === null) return null;
  return nameOf(credential) ?? t(credential.token === null ? "account.signedIn" : "account.guest");
}
