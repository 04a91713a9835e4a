// What happens in a room, as events.
import type { Message } from "./state";

export type RoomEvents = {
  /**
   * A new message, once: not for what was there at the join, and not for history. What came while the connection was
   * lost counts as new when the room is live again.
   */
  readonly message: Message;
  /** A message has another body. */
  readonly edit: Message;
  /** A message lost its body. */
  readonly delete: Message;
  /** A new event of the application (rule S14), under the same conditions as a message. */
  readonly event: Message;
};
