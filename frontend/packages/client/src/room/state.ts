// What a page can see of a room, and what a room needs to be opened.

import type { RefusedAttempts } from "../auth/authentication";
import type { AskCredential } from "../auth/tokens";
import type { World } from "../platform/platform";
import type { Origin } from "../protocol/urls";
import type { Limits, You } from "../protocol/wire.gen";
import type { RoomKey } from "../storage/storage";
import type { Changes, Row } from "./messages";
import type { PeersView } from "./presence";
import type { Status } from "./status";

/** How it stands with older pages; `complete`: nothing older is kept anywhere. */
export type Older = "idle" | "loading" | "failed" | "complete";

export type RoomView = PeersView & {
  readonly status: Status;
  readonly me: You | null;
  readonly limits: Limits | null;
  readonly rows: readonly Row[];
  readonly changes: Changes;
  /** The id of the log that the rows are of; null before any. */
  readonly log: string | null;
  /** What the last greeting said: the member's own read mark, and the head of the log. */
  readonly joined: { readonly mark: number; readonly head: number } | null;
  /** The last seq held; 0 before any. */
  readonly cursor: number;
  readonly older: Older;
  /** Under which name this browser keeps what the member writes; null while nobody knows who that is. */
  readonly key: RoomKey | null;
  /** False where the browser's storage fails: what is not sent yet is lost with the page. */
  readonly durable: boolean;
  /** Whether edits and deletes can be sent: by events and HTTP they cannot. */
  readonly mayChange: boolean;
};

export type RoomOptions = {
  readonly item: string;
  /** Under which name this browser keeps the member's drafts and history; null: the first greeting tells. */
  readonly member: string | null;
  /** Called when the server tells that the login is another member's than was known. */
  readonly onMember?: (you: string, before: string | null) => void;
  /** Called when the server says that this login was ended, here or elsewhere. */
  readonly onSignedOut?: () => void;
  /** Called when nobody holds the room any more. */
  readonly onIdle?: () => void;
  readonly ask: AskCredential;
  /** Attempts with refused tokens, counted over all rooms of a tab. */
  readonly attempts?: RefusedAttempts;
  readonly origin: Origin;
  readonly world: World;
};
