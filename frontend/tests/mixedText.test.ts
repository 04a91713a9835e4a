// A browser that translates the page moves text nodes into elements of its own. React can still update and remove
// text that is the only child of its element, and fails on text that stands beside something else.
import { Visitor } from "vite";
import { expect, test } from "vitest";
import { sources } from "./sources";

type Node = { readonly type: string; readonly [key: string]: unknown };

function isBlank(node: Node): boolean {
  return node.type === "JSXText" && String(node.value).trim() === "";
}

/** Whether an expression is known to give text: words of the page, a template, or either behind a condition. */
function givesText(node: Node): boolean {
  switch (node.type) {
    case "CallExpression":
      return (node.callee as Node).type === "Identifier" && (node.callee as Node).name === "t";
    case "TemplateLiteral":
      return true;
    case "Literal":
      return typeof node.value === "string";
    case "LogicalExpression":
      return givesText(node.right as Node);
    case "ConditionalExpression":
      return givesText(node.consequent as Node) || givesText(node.alternate as Node);
    default:
      return false;
  }
}

function isText(node: Node): boolean {
  if (node.type === "JSXText") return !isBlank(node);
  return node.type === "JSXExpressionContainer" && givesText(node.expression as Node);
}

/** File, line and words of each text that stands beside something else, or is all that a component gives. */
function unguardedTexts(): string[] {
  return sources()
    .filter(({ file }) => file.endsWith(".tsx"))
    .flatMap(({ file, text, program }) => {
      const found: string[] = [];
      const components: boolean[] = [];
      const report = (node: Node) => {
        const start = Number(node.start);
        const line = text.slice(0, start).split("\n").length;
        found.push(`${file}:${line} ${text.slice(start, Number(node.end)).trim()}`);
      };
      const look = (children: readonly Node[], alone: number) => {
        const shown = children.filter((child) => !isBlank(child));
        if (shown.length > alone) shown.filter(isText).forEach(report);
      };
      new Visitor({
        JSXElement: (node) => look(node.children as unknown as Node[], 1),
        JSXFragment: (node) => look(node.children as unknown as Node[], 0),
        FunctionDeclaration: ({ id }) => components.push(id !== null && /^[A-Z]/u.test(id.name)),
        "FunctionDeclaration:exit": () => components.pop(),
        ReturnStatement: ({ argument }) => {
          if (components.at(-1) === true && argument !== null && givesText(argument as unknown as Node))
            report(argument as unknown as Node);
        },
      }).visit(program);
      return found;
    });
}

test("text on the page is the only child of its element", () => {
  expect(unguardedTexts()).toEqual([]);
});
