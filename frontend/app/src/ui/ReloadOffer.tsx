// Says that the page or a part of it cannot be shown, and offers to load it again.
import { Button } from "./Button";
import { focusContent } from "./focusContent";
import styles from "./ReloadOffer.module.css";
import { reloadTexts } from "./reloadTexts";

type ReloadOfferProps = {
  readonly what: "page" | "room" | "part";
  /** Where the rest of the page can be used without it. */
  readonly onClose?: () => void;
};

export function ReloadOffer({ what, onClose }: ReloadOfferProps) {
  const texts = reloadTexts();
  return (
    <div role="alert" className={styles.offer}>
      <p>{texts[what]}</p>
      <Button weight="strong" onClick={() => location.reload()}>
        {texts.reload}
      </Button>
      {onClose !== undefined && (
        <Button
          onClick={() => {
            focusContent();
            onClose();
          }}
        >
          {texts.close}
        </Button>
      )}
    </div>
  );
}
