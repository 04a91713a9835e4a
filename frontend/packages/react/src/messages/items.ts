// What stands in the list, line by line: days, the unread line, messages and drafts.
import type { Row } from "alcove-client";

export type Item =
  | { readonly is: "day"; readonly key: string; readonly at: number }
  | { readonly is: "unread"; readonly key: string }
  | { readonly is: "row"; readonly key: string; readonly row: Row; readonly follows: boolean };

/** Messages of one author within so long stand together, in ms. */
const TOGETHER_MS = 300_000;

/** What a reader had not read: the entries behind `after`, up to `upTo`. */
export type Unread = { readonly after: number; readonly upTo: number };

/** The unread line stands before the first unread entry of others. `me`: the reader's own id. */
export function itemsOf(rows: readonly Row[], unread: Unread | null, me: string | null): Item[] {
  const items: Item[] = [];
  let day = "";
  let author = "";
  let at = 0;
  let lineIsDue = unread !== null;
  for (const row of rows) {
    if (row.type === "gap" || row.type === "reset") {
      items.push({ is: "row", key: row.type, row, follows: false });
      continue;
    }
    const today = dayOf(row.at);
    const by = row.type === "entry" ? row.by.id : (me ?? "");
    if (today !== day) {
      items.push({ is: "day", key: `day ${today}`, at: row.at });
      author = "";
    }
    day = today;
    if (lineIsDue && row.type === "entry" && by !== me && isUnread(row.seq, unread)) {
      items.push({ is: "unread", key: "unread" });
      lineIsDue = false;
      author = "";
    }
    const follows = by === author && row.at - at < TOGETHER_MS;
    author = by;
    at = row.at;
    // A draft and the entry it becomes are one and the same line: the id is the sender's own.
    items.push({ is: "row", key: `${by} ${row.id}`, row, follows });
  }
  return items;
}

function isUnread(seq: number, unread: Unread | null): boolean {
  return unread !== null && seq > unread.after && seq <= unread.upTo;
}

/** The day on the reader's calendar, as `2026-11-26`: the one that the words beside it name. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
