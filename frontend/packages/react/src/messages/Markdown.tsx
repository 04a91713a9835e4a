// Renders Markdown as React elements.

import { type ReactNode, useMemo, useState } from "react";
import { Icon } from "../lib/Icon";
import { CHECK, COPY } from "../lib/icons";
import { useAlcoveContext } from "../provider";
import { canCopy, copy } from "./choices";
import styles from "./Markdown.module.css";
import { codeOf, type Node, parse } from "./markdown";

export default function Markdown({ text }: { readonly text: string }) {
  const nodes = useMemo(() => parse(text), [text]);
  return (
    <div className={styles.markdown}>
      <Nodes nodes={nodes} />
    </div>
  );
}

function Nodes({ nodes }: { readonly nodes: readonly Node[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the nodes of a text never change places
  return nodes.map((node, index) => <Rendered key={index} node={node} />);
}

function Rendered({ node: { token, children } }: { readonly node: Node }): ReactNode {
  const inside = <Nodes nodes={children} />;
  switch (token.type) {
    case "paragraph_open":
      // Within a list the item is the paragraph.
      return token.hidden ? inside : <p>{inside}</p>;
    case "blockquote_open":
      return <blockquote>{inside}</blockquote>;
    case "bullet_list_open":
      return <ul>{inside}</ul>;
    case "ordered_list_open":
      return <ol start={Number(token.attrGet("start") ?? 1)}>{inside}</ol>;
    case "list_item_open":
      return <li>{inside}</li>;
    case "fence":
      return <CodeBlock code={codeOf(token)} />;
    case "code_inline":
      return <code>{token.content}</code>;
    case "strong_open":
      return <strong>{inside}</strong>;
    case "em_open":
      return <em>{inside}</em>;
    case "s_open":
      return <s>{inside}</s>;
    case "link_open":
      return (
        <a href={String(token.attrGet("href") ?? "")} target="_blank" rel="noopener noreferrer nofollow">
          {inside}
        </a>
      );
    case "softbreak":
    case "hardbreak":
      return <br />;
    case "inline":
      return inside;
    // Each text has an element around it: a browser that translates the page replaces bare text nodes.
    default:
      return token.content === "" ? null : <span>{token.content}</span>;
  }
}

function CodeBlock({ code }: { readonly code: string }) {
  const { t } = useAlcoveContext();
  const [copied, setCopied] = useState(false);
  const label = t(copied ? "message.copied" : "message.copyCode");
  return (
    <div className={styles.block}>
      <pre>
        <code>{code.endsWith("\n") ? code.slice(0, -1) : code}</code>
      </pre>
      {canCopy() && (
        <button
          type="button"
          aria-label={label}
          className={styles.copy}
          onBlur={() => setCopied(false)}
          onPointerLeave={() => setCopied(false)}
          onClick={() => {
            copy(code);
            setCopied(true);
          }}
        >
          <Icon path={copied ? CHECK : COPY} size={14} />
        </button>
      )}
    </div>
  );
}
