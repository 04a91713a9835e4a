// Addresses within words: where one begins, and which signs at its end belong to the sentence instead.

type Link = { readonly is: "link"; readonly text: string; readonly href: string };

const SCHEMES = ["https://", "http://"] as const;
const CLOSING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
/** ASCII signs that end a sentence or open a bracket, where they stand last. */
const TRAILING = new Set(".,;:!?'\"([{");
/** Signs that no address has as they are. */
const OUTSIDE = new Set("<>\"'`");
/** One sign, punctuation of any script. */
const PUNCTUATION = /^\p{P}$/u;

/** The link that begins at `at`, and where it ends; null where none does. Looks at each sign of it once or twice. */
export function linkAt(text: string, at: number): { readonly piece: Link; readonly to: number } | null {
  const scheme = SCHEMES.find((known) => text.slice(at, at + known.length).toLowerCase() === known);
  if (scheme === undefined) return null;
  const from = at + scheme.length;
  let to = endOf(text, from);
  while (to > from && isTrailing(text[to - 1] ?? "")) to -= 1;
  if (to === from) return null;
  const href = text.slice(at, to);
  return { piece: { is: "link", text: href, href }, to };
}

/** Where the address ends: before a space, a sign that none has, or a bracket that it did not open itself. */
function endOf(text: string, from: number): number {
  const open = new Map<string, number>();
  let to = from;
  for (; to < text.length; to += 1) {
    const sign = text[to] ?? "";
    const opening = CLOSING[sign];
    if (opening !== undefined) {
      const count = open.get(opening) ?? 0;
      if (count === 0) break;
      open.set(opening, count - 1);
    } else if (sign === "(" || sign === "[" || sign === "{") open.set(sign, (open.get(sign) ?? 0) + 1);
    else if (OUTSIDE.has(sign) || isFullWidth(sign) || sign.trim() === "") break;
  }
  return to;
}

/** Whether a sign is punctuation of Chinese, Japanese or Korean text, where no space separates sentence and address. */
function isFullWidth(sign: string): boolean {
  const wide = (sign >= "\u3000" && sign <= "\u303f") || (sign >= "\uff00" && sign <= "\uff65");
  return wide && !(sign >= "\u3005" && sign <= "\u3007") && !isWideWord(sign);
}

/** Full-width digits and letters. */
function isWideWord(sign: string): boolean {
  return (
    (sign >= "\uff10" && sign <= "\uff19") ||
    (sign >= "\uff21" && sign <= "\uff3a") ||
    (sign >= "\uff41" && sign <= "\uff5a")
  );
}

function isTrailing(sign: string): boolean {
  return TRAILING.has(sign) || (sign > "\u007f" && PUNCTUATION.test(sign));
}
