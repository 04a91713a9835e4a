// Tokens from the host application's own endpoint.

/** What a signed token and an open mode credential are made of. */
const TOKEN = /^[\x21-\x3b\x3d-\x7e]+$/;
/** Responses that mean: no member is signed in. */
const SIGNED_OUT = new Set([204, 401, 403]);

/**
 * Return the token that `tokenUrl` answers with the page's cookies: as JSON `{"token": "…"}`, or as text. Null where
 * no member is signed in: 204, 401, 403, a redirect (to a login page), or `{"token": null}`. Rejects where the endpoint
 * fails, or answers with something else.
 */
export async function fetchToken(tokenUrl: string, signal?: AbortSignal): Promise<string | null> {
  const address = new URL(tokenUrl, document.baseURI);
  if (address.origin !== location.origin)
    throw new TypeError(`expected a token-url of this page's origin, got ${address.origin}`);
  const answer = await fetch(address, {
    credentials: "same-origin",
    cache: "no-store",
    redirect: "manual",
    headers: { accept: "application/json, text/plain" },
    ...(signal !== undefined && { signal }),
  });
  if (answer.type === "opaqueredirect" || SIGNED_OUT.has(answer.status)) return null;
  if (!answer.ok) throw new Error(`${address.pathname} answered ${answer.status}, expected {"token": "…"}`);
  const token = tokenOf((await answer.text()).trim());
  if (token === null || token === "") return null;
  if (typeof token !== "string" || !TOKEN.test(token))
    throw new TypeError(`expected ${address.pathname} to answer a token, or JSON with "token"`);
  return token;
}

function tokenOf(text: string): unknown {
  if (!text.startsWith("{")) return text;
  return (JSON.parse(text) as { readonly token?: unknown }).token ?? null;
}
