// The addresses of a server, and how they carry a credential.
import type { Credential } from "../auth/tokens";
import type { Origin } from "./urls";

/** Where a connection resumes: after `cursor` of `log`; null: with the last entries (rules R1, R2). */
export type ResumePosition = { readonly log: string | null; readonly cursor: number | null };

/** How many of the last entries a first connection gets. */
export const TAIL = 100;

export function roomUrl(
  origin: Origin,
  item: string,
  credential: Credential,
  position: ResumePosition,
): string {
  const scheme = origin.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${origin.host}${origin.path ?? ""}/items/${encodeURIComponent(item)}/ws?${query(credential, position)}`;
}

export function eventsUrl(
  origin: Origin,
  item: string,
  credential: Credential,
  position: ResumePosition,
): string {
  return `${itemUrl(origin, item)}/events?${query(credential, position)}`;
}

export function entriesUrl(origin: Origin, item: string, more: Record<string, string>): string {
  return `${itemUrl(origin, item)}/entries?${new URLSearchParams(more)}`;
}

export function itemsUrl(origin: Origin, more: Record<string, string>): string {
  return `${baseOf(origin)}/api/items?${new URLSearchParams(more)}`;
}

/** Return the address of the stream of changes in the list of rooms (rule W10). */
export function listEventsUrl(origin: Origin, credential: Credential): string {
  const query = new URLSearchParams(named(credential));
  if (credential.token !== null) query.set("token", credential.token);
  return `${baseOf(origin)}/api/items/events?${query}`;
}

/** Return the address where a login is ended (W5). */
export function sessionUrl(origin: Origin): string {
  return `${baseOf(origin)}/api/session`;
}

export function unreadUrl(origin: Origin, items: readonly string[], more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  for (const item of items) query.append("item", item);
  return `${baseOf(origin)}/api/unread?${query}`;
}

/** Return the headers that carry the token: access logs do not show them. Only sockets and events need the query. */
export function bearer({ token }: Credential): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export function named({ name }: Credential): Record<string, string> {
  return name === null || name === "" ? {} : { name };
}

/** Return the server's part of the names under which data is stored. */
export function serverOf(origin: Origin): string {
  return baseOf(origin);
}

function baseOf({ protocol, host, path = "" }: Origin): string {
  return `${protocol}//${host}${path}`;
}

function itemUrl(origin: Origin, item: string): string {
  return `${baseOf(origin)}/api/items/${encodeURIComponent(item)}`;
}

function query(credential: Credential, { log, cursor }: ResumePosition): URLSearchParams {
  const found = new URLSearchParams(named(credential));
  if (credential.token !== null) found.set("token", credential.token);
  if (cursor !== null && log !== null) {
    found.set("after", String(cursor));
    found.set("log", log);
  } else found.set("tail", String(TAIL));
  return found;
}
