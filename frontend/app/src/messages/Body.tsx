// What a message says: words with a few marks, or a JSON value as a tree. Never HTML.

import type { Json, Row } from "alcove-client";
import { type Piece, partOf, piecesOf } from "alcove-react";
import { memo, useMemo, useState } from "react";
import { useTranslation } from "../i18n/translation";
import styles from "./Body.module.css";
import { JsonTree } from "./JsonTree";

/** Messages that a reader has asked for in full; the list forgets what scrolls out of sight. */
const shownInFull = new WeakSet<object>();

type BodyProps = { readonly body: Json; readonly of: Row };

export const Body = memo(function Body({ body, of }: BodyProps) {
  return typeof body === "string" ? <Words words={body} of={of} /> : <JsonTree value={body} />;
});

function Words({ words, of }: { readonly words: string; readonly of: Row }) {
  const { t } = useTranslation();
  const [inFull, setInFull] = useState(() => shownInFull.has(of));
  const all = useMemo(() => piecesOf(words), [words]);
  const part = useMemo(() => partOf(all), [all]);

  function toggle() {
    if (inFull) shownInFull.delete(of);
    else shownInFull.add(of);
    setInFull(!inFull);
  }

  return (
    <div className={styles.words} dir="auto">
      {(inFull ? all : part.pieces).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change places
        <Marked key={index} piece={piece} />
      ))}
      {!part.whole && (
        <div className={styles.more}>
          {!inFull && <span aria-hidden="true">…</span>}
          <button type="button" aria-expanded={inFull} onClick={toggle}>
            {t(inFull ? "room.showLess" : "room.showAll")}
          </button>
        </div>
      )}
    </div>
  );
}

/** Each piece has an element around its text: a browser that translates the page replaces bare text nodes. */
function Marked({ piece }: { readonly piece: Piece }) {
  switch (piece.is) {
    case "block":
      return (
        <pre className={styles.block}>
          <code>{piece.text}</code>
        </pre>
      );
    case "code":
      return <code className={styles.code}>{piece.text}</code>;
    case "strong":
      return <strong>{piece.text}</strong>;
    case "em":
      return <em>{piece.text}</em>;
    case "link":
      return (
        <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
          {piece.text}
        </a>
      );
    case "text":
      return <span>{piece.text}</span>;
  }
}
