// The body of a message: text with Markdown, or a JSON value as a card. Never HTML.

import type { Json, Message } from "alcove-client";
import { memo, useMemo, useState } from "react";
import { lazyPart } from "../lib/lazyPart";
import { useAlcoveContext } from "../provider";
import styles from "./Body.module.css";
import { hasMarks } from "./marks";
import { partOf } from "./part";
import { summaryOf } from "./summary";

const useMarkdown = lazyPart(() => import("./Markdown"));
const useJsonCard = lazyPart(() => import("./JsonCard"));

/** Characters of a JSON value that are shown until its card is loaded. */
const LINE = 80;

/** Longer text is drawn as it was written: thousands of marks would be thousands of elements. */
const MARKED_CHARACTERS = 20_000;

/** Messages that the reader has unfolded: the virtual list unmounts what scrolls out of sight. */
const shownInFull = new WeakSet<object>();

type BodyProps = { readonly body: Json; readonly of: Message };

export const Body = memo(function Body({ body, of }: BodyProps) {
  return typeof body === "string" ? <Text text={body} of={of} /> : <Value value={body} />;
});

function Value({ value }: { readonly value: Json }) {
  const JsonCard = useJsonCard(true);
  return JsonCard === null ? <code>{summaryOf(value, LINE)}</code> : <JsonCard value={value} />;
}

function Text({ text, of }: { readonly text: string; readonly of: Message }) {
  const { t } = useAlcoveContext();
  const [inFull, setInFull] = useState(() => shownInFull.has(of));
  const part = useMemo(() => partOf(text), [text]);
  const shown = inFull ? text : part;
  const Markdown = useMarkdown(useMemo(() => shown.length <= MARKED_CHARACTERS && hasMarks(shown), [shown]));

  function toggle() {
    if (inFull) shownInFull.delete(of);
    else shownInFull.add(of);
    setInFull(!inFull);
  }

  return (
    <div className={styles.text} dir="auto">
      {Markdown === null ? <span className={styles.plain}>{shown}</span> : <Markdown text={shown} />}
      {part.length < text.length && (
        <div className={styles.more}>
          {!inFull && <span aria-hidden="true">…</span>}
          <button type="button" aria-expanded={inFull} onClick={toggle}>
            {t(inFull ? "message.showLess" : "message.showAll")}
          </button>
        </div>
      )}
    </div>
  );
}
