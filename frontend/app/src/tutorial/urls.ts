// Addresses of the plain-text sockets of a server.

export type ItemQuery = { readonly itemId: string; readonly token: string; readonly q: string };

/** `http` becomes `ws`, `https` becomes `wss`. */
function sockets(server: string): string {
  return server.replace("http", "ws");
}

/** Return the address of the echo socket `/ws` (rule T1). */
export function echoUrl(server: string): string {
  return `${sockets(server)}/ws`;
}

/** Return the address of `/items/{item_id}/ws` (rule T2). An empty `token` lets the session cookie count. */
export function itemUrl(server: string, { itemId, token, q }: ItemQuery): string {
  const query = new URLSearchParams();
  if (token !== "") query.set("token", token);
  if (q !== "") query.set("q", q);
  const search = query.size > 0 ? `?${query}` : "";
  return `${sockets(server)}/items/${encodeURIComponent(itemId)}/ws${search}`;
}

/** Return the address of the chat socket `/ws/{client_id}` (rule T3). */
export function chatUrl(server: string, clientId: number): string {
  return `${sockets(server)}/ws/${clientId}`;
}

/**
 * Whether an item ID can be one segment of a path. `.` and `..` cannot: every URL parser treats them, also
 * percent-encoded, as steps in the path (WHATWG URL, "double-dot URL path segment").
 */
export function isPathSegment(itemId: string): boolean {
  return itemId !== "" && itemId !== "." && itemId !== "..";
}
