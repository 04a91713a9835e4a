// What the reader chose, kept in the browser from one visit to the next.
import { keptName } from "./base";

/** `room`: the item of the last room; `details` and `wire`: whether details and developer panel are open. */
type Choice = "language" | "theme" | "notify" | "sound" | "details" | "wire" | "room";

/** The kept choice; null when there is none, or when the browser forbids storage (then every visit is the first). */
export function kept(choice: Choice): string | null {
  try {
    return localStorage.getItem(keptName(choice));
  } catch {
    return null;
  }
}

/** Store `value`; null removes it. If storage is forbidden, the choice lasts until reload. */
export function keep(choice: Choice, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(keptName(choice));
    else localStorage.setItem(keptName(choice), value);
  } catch {
    // A SecurityError or a full disk: nothing is lost but the memory of a preference.
  }
}
