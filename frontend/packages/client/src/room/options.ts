// What a room needs of its client.
import type { RefusedAttempts } from "../auth/refusedAttempts";
import type { GetCredential } from "../auth/tokens";
import type { Platform } from "../platform/platform";
import type { Origin } from "../protocol/urls";

export type RoomOptions = {
  readonly item: string;
  /** The key of the member's drafts and history in this browser; null: known from the first `hello`. */
  readonly member: string | null;
  /** Return the member once it is known; called before the first connection. */
  readonly identify?: () => Promise<string | null>;
  /** Called when `hello` shows that the login belongs to another member than was known. */
  readonly onMember?: (you: string, before: string | null) => void;
  /** Called when the server reports that this login was ended, here or elsewhere. */
  readonly onSignedOut?: () => void;
  /** Called when the server has admitted the room, or closed it for another reason than the token. */
  readonly onSettled?: () => void;
  /** Called when the room is joined and was not before. */
  readonly onJoin?: () => void;
  /** Called when the last join has ended. */
  readonly onIdle?: () => void;
  readonly ask: GetCredential;
  /** Attempts with refused tokens, counted over all rooms of a tab. */
  readonly attempts?: RefusedAttempts;
  readonly origin: Origin;
  readonly platform: Platform;
};
