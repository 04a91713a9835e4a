// The address of a room's page.
import { BASE } from "./base";

/** Return it as the page's router takes it. */
export function roomHref(item: string): string {
  return `/items/${encodeURIComponent(item)}`;
}

/** Return it as the browser takes it. */
export function roomPath(item: string): string {
  return BASE + roomHref(item);
}
