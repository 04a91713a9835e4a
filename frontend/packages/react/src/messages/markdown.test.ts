// What people write in a chat, read as Markdown: addresses end where their readers see the end, and no text is lost.
import { expect, test } from "vitest";
import { codeOf, type Node, parse } from "./markdown";

/** All nodes of a tree, outer ones first. */
function flat(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => [node, ...flat(node.children)]);
}

function addressesIn(text: string): readonly string[] {
  return flat(parse(text)).flatMap(({ token }) =>
    token.type === "link_open" ? [String(token.attrGet("href"))] : [],
  );
}

function codeIn(text: string): readonly string[] {
  return flat(parse(text)).flatMap(({ token }) => (token.type === "fence" ? [codeOf(token)] : []));
}

test.each([
  ["see https://en.example.org/wiki/A_(b) there", "https://en.example.org/wiki/A_(b)"],
  ["(https://example.org/A_(b))", "https://example.org/A_(b)"],
  ["(see https://example.org/a)", "https://example.org/a"],
  ["https://example.org/((a)(b))", "https://example.org/((a)(b))"],
  ["https://example.org/a.", "https://example.org/a"],
  ["见https://example.org/a。下一句", "https://example.org/a"],
  ["https://example.org/a，然后", "https://example.org/a"],
  ["https://example.org/a、b", "https://example.org/a"],
  ["https://example.org/a！？", "https://example.org/a"],
  ["https://example.org/a；b", "https://example.org/a"],
  ["https://example.org/a：b", "https://example.org/a"],
  ["（https://example.org/a）", "https://example.org/a"],
  ["「https://example.org/a」", "https://example.org/a"],
  ["《https://example.org/a》", "https://example.org/a"],
])("the address in %j is %s", (text, address) => {
  expect(addressesIn(text)).toEqual([address]);
});

test.each(["javascript:alert(1)", "[a](javascript:alert(1))", "[a](data:text/html,x)", "example.org"])(
  "%j has no address to follow",
  (text) => {
    expect(addressesIn(text)).toEqual([]);
  },
);

test.each([
  ["```\na\nb\n```", "a\nb\n"],
  ["```js\na\n```", "a\n"],
  ["```the only text\n```", "the only text\n"],
  ["```text\n```", "text\n"],
  ["```text", "text\n"],
  ["~~~text\n~~~", "text\n"],
  ["```two words\na\n```", "two words\na\n"],
  ["```\n```", ""],
])("the code of %j is %j", (text, code) => {
  expect(codeIn(text)).toEqual([code]);
});
