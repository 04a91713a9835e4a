// The lines of the list's stream (rule W10).
import type { Error as ErrorLine } from "../protocol/wire.gen";
import type { RoomSummary } from "./state";

export type ListLine =
  /** A room has changed, or is one of the latest with which the stream begins. */
  | ({ readonly type: "item" } & RoomSummary)
  /** The latest rooms were sent. */
  | { readonly type: "ready" }
  | ErrorLine;
