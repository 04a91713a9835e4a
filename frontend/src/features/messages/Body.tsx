// What a message says: words with a few marks, or a JSON value as a tree. Never HTML.
import { memo } from "react";
import type { Json } from "../../client/protocol.gen";
import styles from "./Body.module.css";
import { JsonTree } from "./JsonTree";
import { type Piece, piecesOf } from "./markup";

export const Body = memo(function Body({ body }: { readonly body: Json }) {
  if (typeof body !== "string") return <JsonTree value={body} />;
  return (
    <div className={styles.words} dir="auto">
      {piecesOf(body).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never change places
        <Marked key={index} piece={piece} />
      ))}
    </div>
  );
});

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
      return piece.text;
  }
}
