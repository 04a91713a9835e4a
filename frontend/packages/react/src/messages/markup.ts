// The few marks that a message may carry: code, emphasis, links. Everything else stays as it was written.
import { linkAt } from "./links";

export type Piece =
  | { readonly is: "text" | "code" | "block" | "strong" | "em"; readonly text: string }
  | { readonly is: "link"; readonly text: string; readonly href: string };

type Found = { readonly piece: Piece; readonly to: number };

const FENCE = "```";

/**
 * Split `text` into pieces, in order; together they hold all its words.
 *
 * One pass from left to right. An opening mark looks for its end once, and no farther than the next sign of its
 * kind, so the work grows with the length of the text alone, whatever it says.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  const scan = new Scan(text);
  let plain = 0;
  let at = 0;
  while (at < text.length) {
    const found = scan.markAt(at);
    if (found === null) {
      at += 1;
      continue;
    }
    if (at > plain) pieces.push({ is: "text", text: text.slice(plain, at) });
    pieces.push(found.piece);
    at = found.to;
    plain = at;
  }
  if (text.length > plain) pieces.push({ is: "text", text: text.slice(plain) });
  return pieces;
}

/** Finds the mark that begins at a place of one text; the places must be asked for in ascending order. */
class Scan {
  readonly #text: string;
  /** Where the next sign stands, as far as it was looked for. */
  readonly #next = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  markAt(at: number): Found | null {
    switch (this.#text[at]) {
      case "`":
        return this.#block(at) ?? this.#code(at);
      case "*":
        return this.#strong(at) ?? this.#emphasis(at, "*");
      case "_":
        return this.#emphasis(at, "_");
      case "h":
      case "H":
        return linkAt(this.#text, at);
      default:
        return null;
    }
  }

  #block(at: number): Found | null {
    if (!this.#text.startsWith(FENCE, at)) return null;
    const from = at + FENCE.length;
    const end = this.#find(FENCE, from);
    if (end === Number.POSITIVE_INFINITY) return null;
    const text = withoutLanguage(this.#text.slice(from, end));
    if (text === "") return null;
    return { piece: { is: "block", text }, to: end + FENCE.length };
  }

  #code(at: number): Found | null {
    const end = this.#endInLine("`", at + 1);
    return end === null ? null : { piece: { is: "code", text: this.#text.slice(at + 1, end) }, to: end + 1 };
  }

  #strong(at: number): Found | null {
    const from = at + 2;
    if (!this.#text.startsWith("**", at)) return null;
    const end = this.#endInLine("*", from);
    if (end === null || this.#text[end + 1] !== "*" || !this.#hugs(from, end)) return null;
    return { piece: { is: "strong", text: this.#text.slice(from, end) }, to: end + 2 };
  }

  #emphasis(at: number, sign: "*" | "_"): Found | null {
    if (isWord(this.#text[at - 1]) || this.#text[at - 1] === sign || this.#text[at + 1] === sign) return null;
    const end = this.#endInLine(sign, at + 1);
    if (end === null || !this.#hugs(at + 1, end)) return null;
    const after = this.#text[end + 1];
    if (isWord(after) || after === sign) return null;
    return { piece: { is: "em", text: this.#text.slice(at + 1, end) }, to: end + 1 };
  }

  /** Where `sign` stands next, if something stands before it and no line ends there. */
  #endInLine(sign: string, from: number): number | null {
    const end = this.#find(sign, from);
    return end > from && end < this.#find("\n", from) && end < this.#text.length ? end : null;
  }

  /** Where `sign` stands at or behind `from`; infinity for nowhere. What was looked through is not looked through again. */
  #find(sign: string, from: number): number {
    const known = this.#next.get(sign);
    if (known !== undefined && known >= from) return known;
    const found = this.#text.indexOf(sign, from);
    const next = found === -1 ? Number.POSITIVE_INFINITY : found;
    this.#next.set(sign, next);
    return next;
  }

  /** Whether what is marked begins and ends with something to see: `2 * 3 * 4` marks nothing. */
  #hugs(from: number, to: number): boolean {
    return !isSpace(this.#text[from]) && !isSpace(this.#text[to - 1]);
  }
}

/** The text of a fence without the language on its first line; the first line is kept where it is the only text. */
function withoutLanguage(fenced: string): string {
  const end = fenced.indexOf("\n");
  const rest = end === -1 ? "" : withoutLastBreak(fenced.slice(end + 1));
  if (rest.trim() === "") return fenced.trim() === "" ? "" : withoutLastBreak(fenced);
  return [...fenced.slice(0, end)].every((sign) => isWord(sign) || sign === "+" || sign === "-")
    ? rest
    : withoutLastBreak(fenced);
}

function withoutLastBreak(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** Letters, digits and underscores of ASCII; others may stand next to a mark, for not every script has spaces. */
function isWord(sign: string | undefined): boolean {
  return (
    sign !== undefined &&
    ((sign >= "a" && sign <= "z") ||
      (sign >= "A" && sign <= "Z") ||
      (sign >= "0" && sign <= "9") ||
      sign === "_")
  );
}

function isSpace(sign: string | undefined): boolean {
  return sign === undefined || sign.trim() === "";
}
