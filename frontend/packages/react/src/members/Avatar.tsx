// The default picture of a member: that of their token, else initials on the member's color, in the shape of an arch.

import { useState } from "react";
import styles from "./Avatar.module.css";
import { colorOf, initialsOf } from "./identity";

type AvatarProps = { readonly id: string; readonly name: string; readonly picture?: string | undefined };

export function Avatar({ id, name, picture }: AvatarProps) {
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
  return (
    <span
      className={styles.avatar}
      data-color={colorOf(id)}
      // Not as text: the name is beside it, and a copied message would contain it.
      data-initials={initialsOf(name)}
      aria-hidden="true"
    />
  );
}
