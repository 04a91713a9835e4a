// The default picture of a member: the first letter of the name.

import styles from "./Avatar.module.css";

export function Avatar({ name }: { readonly name: string }) {
  // Not as text: the name is beside it, and a copied message would contain it.
  return <span className={styles.avatar} data-initial={[...name][0] ?? ""} aria-hidden="true" />;
}
