// A sentence in place of the composer.
import styles from "./Notice.module.css";

export function Notice({ text }: { readonly text: string }) {
  return <p className={styles.notice}>{text}</p>;
}
