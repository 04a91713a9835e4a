// Addresses of a room, and the credential that they carry: asked for anew each time, kept nowhere.
import type { Origin } from "../protocol/urls";

/** `token` null: the session cookie counts. `name` counts in open mode only (rule A2). */
export type Credential = { readonly token: string | null; readonly name: string | null };

/** Thrown where nobody is signed in. */
export class SignedOutError extends Error {
  override name = "SignedOutError";
}

/** Why a credential is asked for: for an attempt, before it expires, or because the server refused the last one. */
export type CredentialReason = "attempt" | "expiring" | "refused";

/** The host page's answer; where it has a fresh token, this is the moment to give it. */
export type GetCredential = (occasion: CredentialReason) => Promise<Credential> | Credential;

/** Where a reader stands: behind `cursor` of `log`, or at the end as a newcomer (rules R1, R2). */
export type ResumePosition = { readonly log: string | null; readonly cursor: number | null };

/** Entries that a newcomer gets at once. */
export const TAIL = 100;

export function roomUrl(origin: Origin, item: string, credential: Credential, stand: ResumePosition): string {
  const scheme = origin.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${origin.host}${origin.path ?? ""}/items/${encodeURIComponent(item)}/ws?${query(credential, stand)}`;
}

export function eventsUrl(
  origin: Origin,
  item: string,
  credential: Credential,
  stand: ResumePosition,
): string {
  return `${itemUrl(origin, item)}/events?${query(credential, stand)}`;
}

export function entriesUrl(origin: Origin, item: string, more: Record<string, string>): string {
  return `${itemUrl(origin, item)}/entries?${new URLSearchParams(more)}`;
}

export function itemsUrl(origin: Origin, more: Record<string, string>): string {
  return `${baseOf(origin)}/api/items?${new URLSearchParams(more)}`;
}

/** The stream of changes in the list of rooms (rule W10). */
export function listEventsUrl(origin: Origin, credential: Credential): string {
  const query = new URLSearchParams(named(credential));
  if (credential.token !== null) query.set("token", credential.token);
  return `${baseOf(origin)}/api/items/events?${query}`;
}

/** Where a login is ended (W5). */
export function sessionUrl(origin: Origin): string {
  return `${baseOf(origin)}/api/session`;
}

export function unreadUrl(origin: Origin, items: readonly string[], more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  for (const item of items) query.append("item", item);
  return `${baseOf(origin)}/api/unread?${query}`;
}

/** Over HTTP the token travels in a header, out of sight of access logs; only a socket and events need the query. */
export function bearer({ token }: Credential): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export function named({ name }: Credential): Record<string, string> {
  return name === null || name === "" ? {} : { name };
}

/**
 * Under which name this browser keeps what a member wrote and read: the `sub` of a signed token, else a hash of all that
 * makes the member, so that the storage never holds a credential. Null for a login cookie: it is the same for everybody,
 * and only the server tells whose it is.
 */
export function memberKey({ token, name }: Credential): string | null {
  const subject = token === null ? null : subjectOf(token);
  if (subject !== null) return keyOfId(subject);
  return token === null ? null : `open:${hash(JSON.stringify([token, name ?? ""]))}`;
}

/** The same for a member whose id the server has told. */
export function keyOfId(id: string): string {
  return `sub:${id}`;
}

/** Which server an origin is, as a part of the names under which things are kept. */
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

/** When a signed token ends, in ms since the epoch; null where it is none. The server's word counts. */
export function endOf(token: string): number | null {
  const exp = claim(token, "exp");
  return typeof exp === "number" ? exp * 1000 : null;
}

function subjectOf(token: string): string | null {
  const sub = claim(token, "sub");
  return typeof sub === "string" ? sub : null;
}

function claim(token: string, name: string): unknown {
  try {
    const claims: unknown = JSON.parse(
      atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")),
    );
    return (claims as Record<string, unknown> | null)?.[name];
  } catch {
    // Not a signed token: open mode takes any words.
    return undefined;
  }
}

/** 53 bits of cyrb53: tells members of one browser apart; it guards nothing. */
function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
