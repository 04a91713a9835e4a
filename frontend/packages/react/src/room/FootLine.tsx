// The line between the last message and the composer: who has seen that message, who is writing, how much text is left.

import type { Person, RoomState } from "alcove-client";
import { SizeLeft } from "../composer/Composer";
import { isolated } from "../members/isolated";
import { seenBy } from "../messages/seenBy";
import { useAlcoveContext } from "../provider";
import type { T } from "../strings/strings";
import styles from "./FootLine.module.css";

type FootLineProps = {
  readonly state: RoomState;
  readonly text: string;
  readonly limit: number | null;
  /** Whether the last message is above the line. */
  readonly atBottom: boolean;
};

/** Names of readers that are listed; more are counted. */
const LISTED = 3;

export function FootLine({ state, text, limit, atBottom }: FootLineProps) {
  const { t, locale } = useAlcoveContext();
  const readers = atBottom && state.typing.length === 0 ? seenBy(state) : [];
  const list = (names: readonly string[]) => new Intl.ListFormat(locale).format(names.map(isolated));
  const seen =
    readers.length > LISTED
      ? t("room.seenByMany", { count: readers.length })
      : t("room.seenBy", { names: list(readers) });

  return (
    <div className={styles.line}>
      {readers.length > 0 && <span>{seen}</span>}
      <span>{typingText(state.typing, list, t)}</span>
      <SizeLeft text={text} limit={limit} />
    </div>
  );
}

function typingText(typing: readonly Person[], list: (names: readonly string[]) => string, t: T): string {
  const count = typing.length;
  if (count === 0) return "";
  return count <= 2
    ? t("typing.names", { count, names: list(typing.map(({ name }) => name)) })
    : t("typing.many", { count });
}
