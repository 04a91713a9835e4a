// The default picture of a member: that of their token, else the first letter of the name.

import { useState } from "react";
import styles from "./Avatar.module.css";

export function Avatar({ name, picture }: { readonly name: string; readonly picture?: string | undefined }) {
  const [failed, setFailed] = useState<string | null>(null);
  if (picture !== undefined && picture !== failed)
    return (
      <span className={styles.avatar} aria-hidden="true">
        {/* The policy of the server's own page allows pictures of configured origins only (rule A9). */}
        <img
          className={styles.picture}
          src={picture}
          alt=""
          loading="lazy"
          referrerPolicy="no-referrer"
          onError={() => setFailed(picture)}
        />
      </span>
    );
  // Not as text: the name is beside it, and a copied message would contain it.
  return <span className={styles.avatar} data-initial={[...name][0] ?? ""} aria-hidden="true" />;
}
