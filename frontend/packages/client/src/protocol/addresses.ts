// The addresses of a server, and how they carry a credential.
import type { Credential } from "../auth/tokens";
import type { Origin } from "./urls";

/** Where a connection resumes: after `cursor` of `log`; null: with the last entries (rules R1, R2). */
export type ResumePosition = { readonly log: string | null; readonly cursor: number | null };

type Query = Record<string, string> | string[][] | URLSearchParams;

/** How many of the last entries a first connection gets. */
export const TAIL = 100;

export function roomUrl(
  origin: Origin,
  item: string,
  credential: Credential,
  position: ResumePosition,
): string {
  const server = serverOf(origin).replace("http", "ws");
  return `${server}/items/${encodeURIComponent(item)}/ws?${query(credential, position)}`;
}

export function eventsUrl(
  origin: Origin,
  item: string,
  credential: Credential,
  position: ResumePosition,
): string {
  return apiUrl(origin, `items/${encodeURIComponent(item)}/events`, query(credential, position));
}

/** Return the address of the stream of changes in the list of rooms (rule W10). */
export function listEventsUrl(origin: Origin, credential: Credential): string {
  return apiUrl(origin, "items/events", carried(credential));
}

/** `target`: `/` and the seq of one entry; else the address is of all. */
export function entriesUrl(origin: Origin, item: string, query: Query, target = ""): string {
  return apiUrl(origin, `items/${encodeURIComponent(item)}/entries${target}`, query);
}

/** Return an address of the HTTP API. */
export function apiUrl(origin: Origin, path: string, query: Query): string {
  return `${serverOf(origin)}/api/${path}?${new URLSearchParams(query)}`;
}

/** Return the headers that carry the token: access logs do not show them. Only sockets and events need the query. */
export function bearer({ token }: Credential): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export function named({ name }: Credential): Record<string, string> {
  return name === null || name === "" ? {} : { name };
}

/** Return the address of a server, which is a part of the names under which data is stored. */
export function serverOf({ protocol, host, path = "" }: Origin): string {
  return `${protocol}//${host}${path}`;
}

function query(credential: Credential, { log, cursor }: ResumePosition): URLSearchParams {
  const resumed = cursor !== null && log !== null;
  const position = resumed ? { after: String(cursor), log } : { tail: String(TAIL) };
  return new URLSearchParams({ ...carried(credential), ...position });
}

/** Return the credential as a part of a query. */
function carried(credential: Credential): Record<string, string> {
  const { token } = credential;
  return token === null ? named(credential) : { ...named(credential), token };
}
