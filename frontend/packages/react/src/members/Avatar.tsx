// The default picture of a member: that of their token, else initials on the member's color, in the shape of an arch.

import { useState } from "react";
import { useRootProps } from "../provider";
import styles from "./Avatar.module.css";
import { colorOf, initialsOf } from "./identity";

/** `id`: empty while it is not known; then there is no color. */
export type AvatarProps = {
  readonly id: string;
  readonly name: string;
  readonly picture?: string | undefined;
};

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
      data-color={id === "" ? undefined : colorOf(id)}
      // Not as text: the name is beside it, and a copied message would contain it.
      data-initials={initialsOf(name)}
      aria-hidden="true"
    />
  );
}

/** A member's picture outside of the other components. */
export function MemberAvatar(props: AvatarProps) {
  return (
    <span {...useRootProps(undefined)}>
      <Avatar {...props} />
    </span>
  );
}
