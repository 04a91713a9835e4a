// The body of a message: text with some formatting, or a JSON value as a tree. Never HTML.

import type { Json, Message } from "alcove-client";
import { memo, useMemo, useState } from "react";
import { useAlcoveContext } from "../provider";
import styles from "./Body.module.css";
import { JsonTree } from "./JsonTree";
import { type Piece, piecesOf } from "./markup";
import { partOf } from "./part";

/** Messages that the reader has unfolded: the virtual list unmounts what scrolls out of sight. */
const shownInFull = new WeakSet<object>();

type BodyProps = { readonly body: Json; readonly of: Message };

export const Body = memo(function Body({ body, of }: BodyProps) {
  return typeof body === "string" ? <Text text={body} of={of} /> : <JsonTree value={body} />;
});

function Text({ text, of }: { readonly text: string; readonly of: Message }) {
  const { t } = useAlcoveContext();
  const [inFull, setInFull] = useState(() => shownInFull.has(of));
  const all = useMemo(() => piecesOf(text), [text]);
  const part = useMemo(() => partOf(all), [all]);

  function toggle() {
    if (inFull) shownInFull.delete(of);
    else shownInFull.add(of);
    setInFull(!inFull);
  }

  return (
    <div className={styles.text} dir="auto">
      {(inFull ? all : part.pieces).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change places
        <Formatted key={index} piece={piece} />
      ))}
      {!part.whole && (
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

/** Each piece has an element around its text: a browser that translates the page replaces bare text nodes. */
function Formatted({ piece }: { readonly piece: Piece }) {
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
