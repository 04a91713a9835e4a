// Parses the Markdown that is common in chats into a tree.
import MarkdownIt, { type Token } from "markdown-it";

export type Node = { readonly token: Token; readonly children: readonly Node[] };

/** Nothing is nested deeper: more marks are text. */
const NESTING = 20;
const SCHEMES = ["https://", "http://", "mailto:"] as const;

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true, maxNesting: NESTING });
// Headings, rules and indented code are rarely meant in a chat; images, tables and HTML have no place in it.
parser.disable(["code", "heading", "lheading", "hr", "html_block", "reference", "table"]);
parser.disable(["html_inline", "image", "entity"]);
// `example.com` in a sentence is often no address.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
parser.validateLink = (href) => SCHEMES.some((scheme) => href.toLowerCase().startsWith(scheme));
// An address is shown as it is: decoded, it could look like another one.
parser.normalizeLinkText = (text) => text;

/** Return the blocks of `text`. The work is linear in its length, for any text. */
export function parse(text: string): readonly Node[] {
  return treeOf(parser.parse(text, {}));
}

/**
 * Return the code of a fence. What stands behind its opening marks is a language only where it is one word and code
 * follows; in a chat it is often the text itself.
 */
export function codeOf({ info, content }: Pick<Token, "info" | "content">): string {
  const first = info.trim();
  if (first === "" || (content !== "" && !first.includes(" "))) return content;
  return `${first}\n${content}`;
}

/** Opening and closing tokens become one node around what is between them. */
function treeOf(tokens: readonly Token[]): readonly Node[] {
  const root: Node[] = [];
  const open: Node[][] = [root];
  for (const token of tokens) {
    if (token.nesting === -1) {
      open.pop();
      continue;
    }
    const children: Node[] = token.children === null ? [] : [...treeOf(token.children)];
    open.at(-1)?.push({ token, children });
    if (token.nesting === 1) open.push(children);
  }
  return root;
}
