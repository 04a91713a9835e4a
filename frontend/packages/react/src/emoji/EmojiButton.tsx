// The button of the composer that opens the emoji picker, which is loaded only then.
import { type RefObject, useState } from "react";
import { Icon } from "../lib/Icon";
import { SMILE } from "../lib/icons";
import { lazyPart } from "../lib/lazyPart";
import { useAlcoveContext } from "../provider";
import styles from "./EmojiButton.module.css";

const usePicker = lazyPart(() => import("./EmojiPicker"));

type EmojiButtonProps = {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onText: (text: string) => void;
};

export function EmojiButton({ field, onText }: EmojiButtonProps) {
  const { t } = useAlcoveContext();
  const [open, setOpen] = useState(false);
  const Picker = usePicker(open);

  return (
    <>
      <button
        type="button"
        className={styles.button}
        aria-label={t("composer.emoji")}
        aria-haspopup="dialog"
        aria-expanded={open}
        // The picker closes where it loses the focus: this button would open it again.
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => setOpen(!open)}
      >
        <Icon path={SMILE} size={18} />
      </button>
      {Picker !== null && <Picker field={field} onText={onText} onClose={() => setOpen(false)} />}
    </>
  );
}
