// Addresses of the plain-text sockets, relative to the page's own origin.

/** The part of `location` that an address is made from. */
export type Origin = { readonly protocol: string; readonly host: string };

export type ItemQuery = { readonly itemId: string; readonly token: string; readonly q: string };

function base(origin: Origin): string {
  return `${origin.protocol === "https:" ? "wss:" : "ws:"}//${origin.host}`;
}

/** `/ws`: the echo (rule T1). */
export function echoUrl(origin: Origin): string {
  return `${base(origin)}/ws`;
}

/** `/items/{item_id}/ws` (rule T2). An empty `token` or `q` is left out, so that the session cookie counts. */
export function itemUrl(origin: Origin, { itemId, token, q }: ItemQuery): string {
  const query = new URLSearchParams();
  if (token !== "") query.set("token", token);
  if (q !== "") query.set("q", q);
  const search = query.size > 0 ? `?${query}` : "";
  return `${base(origin)}/items/${encodeURIComponent(itemId)}/ws${search}`;
}

/** `/ws/{client_id}`: the chat (rule T3). */
export function chatUrl(origin: Origin, clientId: number): string {
  return `${base(origin)}/ws/${clientId}`;
}

/**
 * Whether an item ID can stand as one segment of a path. `.` and `..` cannot: every URL parser, the browser's included,
 * takes them, percent-encoded too, as steps in the path (WHATWG URL, "double-dot URL path segment").
 */
export function isPathSegment(itemId: string): boolean {
  return itemId !== "" && itemId !== "." && itemId !== "..";
}

/** Whether an item of this ID can have a room (rule H3), and the room an address. */
export function isRoomId(itemId: string): boolean {
  const isNormalized = itemId === itemId.normalize("NFC");
  return isNormalized && isPathSegment(itemId) && /^[\p{L}\p{M}\p{Nd}._:@-]{1,128}$/u.test(itemId);
}
