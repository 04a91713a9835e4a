// How many messages of an item's room the member has not read.

import hidden from "../lib/hidden.module.css";
import { useAlcoveContext, useRootProps } from "../provider";
import { useUnread } from "../useRooms";
import styles from "./UnreadBadge.module.css";

/** Higher counts are shown as this number with a plus sign. */
const MOST = 99;

export type UnreadBadgeProps = { readonly item: string; readonly className?: string };

/** Renders nothing if everything is read or the count is unknown. */
export function UnreadBadge({ item, className }: UnreadBadgeProps) {
  const { t } = useAlcoveContext();
  const root = useRootProps(`${styles.badge} ${className ?? ""}`);
  const count = useUnread([item]).get(item) ?? 0;
  if (count === 0) return null;
  return (
    <span {...root}>
      <span aria-hidden="true">{count > MOST ? `${MOST}+` : count}</span>
      <span className={hidden.hidden}>{t("rooms.unread", { count })}</span>
    </span>
  );
}
