// What stands in the list, line by line: days, the unread line, messages and drafts.
import type { Row } from "../../client/rows";

export type Item =
  | { readonly is: "day"; readonly key: string; readonly at: number }
  | { readonly is: "unread"; readonly key: string }
  | { readonly is: "row"; readonly key: string; readonly row: Row; readonly follows: boolean };

/** Messages of one author within so long stand together, in ms. */
const TOGETHER_MS = 300_000;

/** `unreadAfter`: the seq behind which the unread line stands; null for none. `me`: the reader's own id. */
export function itemsOf(rows: readonly Row[], unreadAfter: number | null, me: string | null): Item[] {
  const items: Item[] = [];
  let day = "";
  let author = "";
  let at = 0;
  let unread = unreadAfter;
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
    if (unread !== null && row.type === "entry" && row.seq > unread && by !== me) {
      items.push({ is: "unread", key: "unread" });
      unread = null;
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

function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}
