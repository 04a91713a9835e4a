// The lines of the list's stream (rule W10).
import type { RoomSummary } from "./state";

export type ListLine =
  /** A room has changed, or stands in the snapshot. */
  | ({ readonly type: "item" } & RoomSummary)
  /** The snapshot is complete. */
  | { readonly type: "ready" };
