// The list of shortcuts, over the page.
import { useEffect, useRef } from "react";
import { useTranslation } from "../i18n/translation";
import { Button } from "../ui/Button";
import styles from "./Shortcuts.module.css";
import { isApple } from "./useShortcuts";

const combination = isApple ? "⌘" : "Ctrl+";

const shortcuts = [
  [`${combination}K`, "shortcuts.search"],
  [`${combination}.`, "shortcuts.details"],
  [`${combination}${isApple ? "⇧" : "Shift+"}.`, "shortcuts.developer"],
  [`${combination}/`, "shortcuts.help"],
  ["Enter", "shortcuts.send"],
  ["Shift+Enter", "shortcuts.newline"],
  ["↑", "shortcuts.editLast"],
  ["↑ ↓", "shortcuts.messages"],
  ["→", "shortcuts.toolbar"],
  ["Esc", "shortcuts.cancel"],
  ["End", "shortcuts.end"],
] as const;

export default function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    dialog.current?.showModal();
    // The browser would go to the button at the end, past a list that may be longer than the window.
    title.current?.focus();
  }, []);

  return (
    <dialog ref={dialog} className={styles.dialog} aria-label={t("shortcuts.title")} onClose={onClose}>
      <h2 ref={title} className={styles.title} tabIndex={-1}>
        {t("shortcuts.title")}
      </h2>
      <dl className={styles.list}>
        {shortcuts.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
      <Button weight="strong" onClick={() => dialog.current?.close()}>
        {t("shortcuts.close")}
      </Button>
    </dialog>
  );
}
