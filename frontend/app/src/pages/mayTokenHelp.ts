// Whether another token may let the member in.
import type { RoomState } from "alcove-client";

/** The right to another room does not come with another token of the same member: only who lacks a valid one is asked. */
export function mayTokenHelp({ status, error }: Pick<RoomState, "status" | "error">): boolean {
  return status === "ended" || error?.closeCode === 4401 || error?.reason === "revoked";
}
