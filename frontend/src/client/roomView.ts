// What a page can see of a room, and what a room needs to be opened.
import type { AskCredential } from "./access";
import type { RefusedAttempts } from "./authentication";
import type { PeersView } from "./peers";
import type { Limits, You } from "./protocol.gen";
import type { Changes, Row } from "./rows";
import type { Status } from "./status";
import type { Origin } from "./urls";
import type { World } from "./world";

/** How it stands with older pages; `complete`: nothing older is kept anywhere. */
export type Older = "idle" | "loading" | "failed" | "complete";

export type RoomView = PeersView & {
  readonly status: Status;
  readonly me: You | null;
  readonly limits: Limits | null;
  readonly rows: readonly Row[];
  readonly changes: Changes;
  /** The last seq held; 0 before any. */
  readonly cursor: number;
  readonly older: Older;
};

export type RoomOptions = {
  readonly item: string;
  /** Under which name this browser keeps the member's drafts and history. */
  readonly member: string;
  readonly ask: AskCredential;
  /** Attempts with refused tokens, counted over all rooms of a tab. */
  readonly attempts?: RefusedAttempts;
  readonly origin: Origin;
  readonly world: World;
};
