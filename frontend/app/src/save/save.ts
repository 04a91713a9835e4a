// Reads a whole conversation from the server, and writes it as a file.
import type { Client, MessageEntry } from "alcove-client";
import { isolated, summaryOf } from "alcove-react";

/** Messages in a file, at most: the latest ones. */
const MOST = 100_000;
/** Characters of a JSON body in a line of the text file, at most. */
const LINE = 100_000;

export type Format = "text" | "json";
export type Conversation = { readonly messages: readonly MessageEntry[]; readonly whole: boolean };

/**
 * Read all messages, page by page from the newest on, and call `onCount` with their number so far. Rejects where the
 * server does not answer, when `signal` is aborted, and when the room's log is replaced meanwhile.
 */
export async function readAll(
  client: Pick<Client, "loadEntries">,
  item: string,
  onCount: (count: number) => void,
  signal: AbortSignal,
): Promise<Conversation> {
  const pages: (readonly MessageEntry[])[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  let log: string | null = null;
  for (let count = 0; count < MOST; ) {
    const page = await client.loadEntries(item, before);
    signal.throwIfAborted();
    log ??= page.log;
    if (page.log !== log) throw new Error("the room's log was replaced while it was read");
    const messages = page.entries.filter((entry): entry is MessageEntry => entry.kind === "message");
    pages.push(messages);
    count += messages.length;
    onCount(count);
    const first = page.entries[0]?.seq;
    if (first === undefined || first <= page.oldest) return { messages: pages.reverse().flat(), whole: true };
    before = first;
  }
  return { messages: pages.reverse().flat(), whole: false };
}

/** Return the file's content: a JSON array of entries, or a line for each message. */
export function written({ messages }: Conversation, format: Format, deleted: string): string {
  if (format === "json") return JSON.stringify(messages, null, 1);
  return messages
    .map(({ at, by, body, deleted: gone }) => {
      const words =
        gone === undefined ? summaryOf(body, typeof body === "string" ? body.length : LINE) : deleted;
      return `${new Date(at).toISOString()} ${isolated(by.name)}: ${words}\n`;
    })
    .join("");
}

/** Let the browser save `content` under a name. */
export function download(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
