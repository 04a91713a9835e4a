// Addresses of the plain-text sockets, relative to the page's own origin.
type Origin = Pick<Location, "protocol" | "host">;

export type ItemQuery = { readonly itemId: string; readonly token: string; readonly q: string };

function base(origin: Origin): string {
  return `${origin.protocol === "https:" ? "wss:" : "ws:"}//${origin.host}`;
}

/** Return the address of the echo socket `/ws` (rule T1). */
export function echoUrl(origin: Origin): string {
  return `${base(origin)}/ws`;
}

/** Return the address of `/items/{item_id}/ws` (rule T2). An empty `token` lets the session cookie count. */
export function itemUrl(origin: Origin, { itemId, token, q }: ItemQuery): string {
  const query = new URLSearchParams();
  if (token !== "") query.set("token", token);
  if (q !== "") query.set("q", q);
  const search = query.size > 0 ? `?${query}` : "";
  return `${base(origin)}/items/${encodeURIComponent(itemId)}/ws${search}`;
}

/** Return the address of the chat socket `/ws/{client_id}` (rule T3). */
export function chatUrl(origin: Origin, clientId: number): string {
  return `${base(origin)}/ws/${clientId}`;
}

/**
 * Whether an item ID can be one segment of a path. `.` and `..` cannot: every URL parser treats them, also
 * percent-encoded, as steps in the path (WHATWG URL, "double-dot URL path segment").
 */
export function isPathSegment(itemId: string): boolean {
  return itemId !== "" && itemId !== "." && itemId !== "..";
}
