// UUIDv7 (RFC 9562, section 5.7): ids that sort by the time when they were made, so that an outbox is sorted by them.

let last = 0;

/**
 * Return a new id; later ones of this tab sort behind earlier ones, also when the clock is set back.
 * `after`: the time of an id, as `timeOf` reads it, behind which the new one must sort.
 */
export function uuidv7(now: number = Date.now(), after = 0): string {
  // Within one millisecond, and behind a clock that went back, the counter is the time itself moved on by one.
  last = Math.max(now, last + 1, after + 1);
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  const random = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const time = last.toString(16).padStart(12, "0");
  const variant = (8 + (Number.parseInt(random.charAt(3), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

/** Return the time of a UUIDv7, in ms since the epoch; 0 for another id. */
export function timeOf(id: string): number {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === undefined || low === undefined ? 0 : Number.parseInt(high + low, 16);
}
