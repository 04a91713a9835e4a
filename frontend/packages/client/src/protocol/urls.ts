// Which server a client talks to, and which items can have a room there.

/** The part of `location` that an address is made from. */
export type Origin = {
  readonly protocol: string;
  readonly host: string;
  /** The path prefix of the server, without a slash at its end (rule B1). */
  readonly path?: string;
};

/** Return the origin of a server's address, which may be relative to the page's. */
export function originOf(url: string | URL): Origin {
  const { protocol, host, pathname } = new URL(url, globalThis.location?.href);
  return {
    protocol: protocol.startsWith("ws") ? `http${protocol.slice(2)}` : protocol,
    host,
    path: withoutLastSlashes(pathname),
  };
}

/** A loop, because an expression would look at a run of slashes again from each of them. */
function withoutLastSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** Whether an item of this ID can have a room (rule H3). */
export function isRoomId(itemId: string): boolean {
  // Every URL parser treats `.` and `..` as steps in the path.
  if (itemId === "." || itemId === ".." || itemId !== itemId.normalize("NFC")) return false;
  return /^[\p{L}\p{M}\p{Nd}._:@-]{1,128}$/u.test(itemId);
}
