// Who is in the room.

import type { Person, You } from "alcove-client";
import { isolated } from "alcove-react";
import { useTranslation } from "../i18n/translation";
import styles from "./Presence.module.css";

type MembersProps = {
  readonly members: readonly Person[];
  readonly count: number;
  readonly me: You | null;
  readonly typing: readonly Person[];
};

export function Members({ members, count, me, typing }: MembersProps) {
  const { t } = useTranslation();
  const writing = new Set(typing.map(({ id }) => id));

  return (
    <section className={styles.members} aria-label={t("members.title")}>
      <h2 className={styles.title}>
        <span>{t("members.title")}</span> {count > 0 && <span className={styles.count}>{count}</span>}
      </h2>
      <ul className={styles.list}>
        {members.map(({ id, name }) => (
          <li key={id} className={styles.member}>
            <span className={styles.initial} aria-hidden="true">
              {[...name][0]}
            </span>
            <bdi className={styles.name}>{name}</bdi>
            {id === me?.id && <span className={styles.aside}>{t("members.you")}</span>}
            {writing.has(id) && <span className={styles.aside}>{t("members.writing")}</span>}
          </li>
        ))}
      </ul>
      {count > members.length && members.length > 0 && (
        <p className={styles.aside}>{t("members.more", { count: count - members.length })}</p>
      )}
      {count === 0 && <p className={styles.aside}>{t("members.unknown")}</p>}
    </section>
  );
}

/** Who is writing; an empty line while nobody is, so that nothing jumps. */
export function TypingLine({ typing }: { readonly typing: readonly Person[] }) {
  const { t } = useTranslation();
  const count = typing.length;
  const names = typing.map(({ name }) => isolated(name)).join(", ");

  return (
    <p className={styles.typing}>
      {count === 0 ? "" : count <= 2 ? t("typing.names", { count, names }) : t("typing.many", { count })}
    </p>
  );
}
