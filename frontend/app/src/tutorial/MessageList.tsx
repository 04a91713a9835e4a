// What was received, numbered like the lines of a poem, the newest at the foot.
import { memo, useLayoutEffect, useRef } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./MessageList.module.css";
import { type Line, TRANSCRIPT_LINES, type Transcript } from "./transcript";

/** How far from the foot, in pixels, still counts as reading at the foot. */
const NEAR = 32;

const Message = memo(function Message({ line }: { readonly line: Line }) {
  return (
    <li className={styles.line} value={line.n} dir="auto">
      {line.text}
    </li>
  );
});

type MessageListProps = {
  readonly lines: Transcript;
  /** Shown while there are no messages. */
  readonly empty: string;
};

export function MessageList({ lines, empty }: MessageListProps) {
  const { t } = useTranslation();
  const log = useRef<HTMLDivElement>(null);
  const atFoot = useRef(true);
  const newest = lines.at(-1)?.n;

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is a new line that calls for scrolling
  useLayoutEffect(() => {
    if (log.current !== null && atFoot.current) log.current.scrollTop = log.current.scrollHeight;
  }, [newest]);

  return (
    <>
      {lines.length === 0 && <p className={styles.empty}>{empty}</p>}
      {(lines[0]?.n ?? 1) > 1 && (
        <p className={styles.bounded}>{t("bounded", { limit: TRANSCRIPT_LINES })}</p>
      )}
      <div
        ref={log}
        role="log"
        aria-label={t("messages")}
        className={styles.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atFoot.current = scrollHeight - scrollTop - clientHeight < NEAR;
        }}
      >
        <ol className={styles.lines}>
          {lines.map((line) => (
            <Message key={line.n} line={line} />
          ))}
        </ol>
      </div>
    </>
  );
}
