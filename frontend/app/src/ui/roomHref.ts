// The address of a room's page.

export function roomHref(item: string): string {
  return `/items/${encodeURIComponent(item)}`;
}
