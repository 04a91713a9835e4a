// Who is connected to the room.

import type { Person, RoomState } from "alcove-client";
import type { ReactNode } from "react";
import { useAlcoveContext, useRootProps } from "../provider";
import { useRoom } from "../useRoom";
import { Avatar } from "./Avatar";
import styles from "./Members.module.css";

export type MembersProps = {
  readonly item: string;
  readonly renderAvatar?: (member: Person) => ReactNode;
  readonly className?: string;
};

const select = ({ members, memberCount, me, typing }: RoomState) => ({ members, memberCount, me, typing });

export function Members({ item, renderAvatar, className }: MembersProps) {
  const { t } = useAlcoveContext();
  const { members, memberCount, me, typing } = useRoom(item, select);
  const root = useRootProps(`${styles.members} ${className ?? ""}`);
  const writing = new Set(typing.map(({ id }) => id));

  return (
    <section {...root} aria-label={t("members.title")}>
      <h2 className={styles.title}>
        <span>{t("members.title")}</span>
        {memberCount > 0 && <span className={styles.count}>{` ${memberCount}`}</span>}
      </h2>
      <ul className={styles.list}>
        {members.map((member) => (
          <li key={member.id} className={styles.member}>
            {renderAvatar === undefined ? <Avatar {...member} /> : renderAvatar(member)}
            <bdi className={styles.name}>{member.name}</bdi>
            {member.id === me?.id && <span className={styles.aside}>{t("members.you")}</span>}
            {writing.has(member.id) && <span className={styles.aside}>{t("members.writing")}</span>}
          </li>
        ))}
      </ul>
      {memberCount > members.length && members.length > 0 && (
        <p className={styles.aside}>{t("members.more", { count: memberCount - members.length })}</p>
      )}
      {memberCount === 0 && <p className={styles.aside}>{t("members.unknown")}</p>}
    </section>
  );
}
