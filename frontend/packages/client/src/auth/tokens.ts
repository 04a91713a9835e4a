// The credential of a member, and the claims of a signed token.

/** `token` null: the login cookie counts. `name` counts in open mode only (rule A2). */
export type Credential = { readonly token: string | null; readonly name: string | null };

/** Thrown while no member is signed in. */
export class SignedOutError extends Error {
  override name = "SignedOutError";
}

/** Why a credential is requested: for an attempt, before it expires, or because the server refused the last one. */
export type CredentialReason = "attempt" | "expiring" | "refused";

/**
 * Return the credential of the member. `refused`: the token that the server refused; where another one is in use already,
 * that one is returned. Rejects with SignedOutError, or where the token provider fails.
 */
export type GetCredential = (
  reason: CredentialReason,
  refused?: string | null,
) => Promise<Credential> | Credential;

/**
 * Return the name under which this browser stores the data of a credential's member: the `sub` of a signed token, else a
 * hash of token and name, so that storage never holds a credential. Null for a login cookie: only the server knows whose
 * it is.
 */
export function memberKey({ token, name }: Credential): string | null {
  const subject = token === null ? null : subjectOf(token);
  if (subject !== null) return keyOfId(subject);
  return token === null ? null : `open:${hash(JSON.stringify([token, name ?? ""]))}`;
}

/** Return the same key for a member whose id the server has sent. */
export function keyOfId(id: string): string {
  return `sub:${id}`;
}

/** Return when a signed token expires, in ms since the epoch; null for another token. Only the server verifies it. */
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
    // Not a signed token: in open mode any text is one.
    return undefined;
  }
}

/** Return 53 bits of cyrb53, to distinguish members of one browser: not a cryptographic hash. */
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
