// The three conversations of a tab, one for each of the tutorial's sockets.
import { Conversation, type Surroundings } from "./conversation";

export type Conversations = {
  readonly item: Conversation;
  readonly echo: Conversation;
  readonly chat: Conversation;
  /** Who this tab is in the chat: like the tutorial's, the millisecond at which the page was opened. */
  readonly clientId: number;
};

export function startConversations(clientId: number, surroundings?: Surroundings): Conversations {
  return {
    item: new Conversation(surroundings),
    echo: new Conversation(surroundings),
    chat: new Conversation(surroundings),
    clientId,
  };
}
