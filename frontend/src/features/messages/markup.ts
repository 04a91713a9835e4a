// The few marks that a message may carry: code, emphasis, links. Everything else is the words themselves.

export type Piece =
  | { readonly is: "text" | "code" | "block" | "strong" | "em"; readonly text: string }
  | { readonly is: "link"; readonly text: string; readonly href: string };

/** In this order: a fence, a tick, a link, two stars, one star or underscore around words. */
const MARKS =
  /```(?:[\w+-]*\n)?([\s\S]*?)```|`([^`\n]+)`|(https?:\/\/[^\s<>"'`]+)|\*\*(\S(?:[^*\n]*\S)?)\*\*|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])|(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)/gu;

/** Ends that belong to the sentence, not to the address. */
const TRAILING = /[.,;:!?)\]}'"»”]+$/u;

/** The pieces of `text`, in order; together they hold all its words. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) pieces.push({ is: "text", text: text.slice(from, to) });
  };
  for (const found of text.matchAll(MARKS)) {
    const [whole, block, code, address, strong, star, under] = found;
    plain(found.index);
    from = found.index + whole.length;
    if (block !== undefined) pieces.push({ is: "block", text: block.replace(/\n$/u, "") });
    else if (code !== undefined) pieces.push({ is: "code", text: code });
    else if (strong !== undefined) pieces.push({ is: "strong", text: strong });
    else if (address !== undefined) {
      const href = address.replace(TRAILING, "");
      pieces.push({ is: "link", text: href, href });
      from -= address.length - href.length;
    } else pieces.push({ is: "em", text: star ?? under ?? "" });
  }
  plain(text.length);
  return pieces;
}
