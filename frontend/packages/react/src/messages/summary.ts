// A few words that stand for a message where there is no room for all of it: lists, announcements, notifications.
import type { Json } from "alcove-client";

/** A value nested deeper than this is shown as `…`; a few words never reach so far. */
const DEPTH = 4;

/** The beginning of a body, at most `limit` signs. Costs no more than that, however long or deep the body is. */
export function summaryOf(body: Json | undefined, limit: number): string {
  if (body === undefined) return "";
  return (typeof body === "string" ? body : outline(body, limit, DEPTH)).slice(0, limit);
}

/** Marks of Markdown at the beginning of a line, and around words. */
const MARKS =
  /^ {0,3}(?:>|[-+*]|\d{1,9}[.)]) +|^```\w*$|~~|`+|(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)/gmu;
const LINK = /\[([^[\]\n]*)\]\([^[)\s]*\)/gu;

/** The beginning of a body without the marks of Markdown, at most `limit` signs. */
export function plainSummaryOf(body: Json | undefined, limit: number): string {
  const text = summaryOf(body, limit);
  return typeof body === "string" ? text.replace(LINK, "$1").replace(MARKS, "").trim() : text;
}

/** The text of an event of the application (rule S14); null: its body was erased. */
export function eventText(body: Json | undefined): string {
  const text = typeof body === "object" && body !== null && "text" in body ? body.text : null;
  return typeof text === "string" ? text : "";
}

/** A name that needs no quotes before a colon. */
const PLAIN = /^[\w$-]+$/;

/** A value as a person would write it, as far as `limit` signs and `depth` levels: it may be nested too deep for JSON. */
function outline(value: Json, limit: number, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, limit));
  if (typeof value !== "object" || value === null) return String(value);
  const list = Array.isArray(value);
  const [open, close] = list ? "[]" : "{}";
  if (depth === 0) return `${open}…${close}`;
  let text = open ?? "";
  for (const key in value) {
    if (text.length >= limit) return text;
    const member = (value as Readonly<Record<string, Json>>)[key] ?? null;
    if (text.length > 1) text += ", ";
    const name = key.slice(0, limit);
    text += `${list ? "" : `${PLAIN.test(name) ? name : JSON.stringify(name)}: `}${outline(member, limit, depth - 1)}`;
  }
  return text + close;
}
