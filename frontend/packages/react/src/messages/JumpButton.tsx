// The way to the newest message, for a reader who is farther up.
import { Icon } from "../lib/Icon";
import { DOWN } from "../lib/icons";
import { useAlcoveContext } from "../provider";
import styles from "./JumpButton.module.css";

type JumpButtonProps = { readonly count: number; readonly onPress: () => void };

export function JumpButton({ count, onPress }: JumpButtonProps) {
  const { t } = useAlcoveContext();
  return (
    <button type="button" className={styles.jump} data-new={count > 0} onClick={onPress}>
      <span>{count > 0 ? t("room.newBelow", { count }) : t("room.toBottom")}</span>
      <Icon path={DOWN} />
    </button>
  );
}
