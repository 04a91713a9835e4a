// The bridge from conversations to React.
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { Conversation, ConversationView } from "./conversation";
import { type Conversations, startConversations } from "./conversations";

/** Other conversations than the tab's own. */
export const ConversationsContext = createContext<Conversations | null>(null);

// Made by the first page that needs them, which most never open, and kept: what was said is still there on coming back.
let tab: Conversations | null = null;

/** The conversations of the context, else the tab's. */
export function useConversations(): Conversations {
  const given = useContext(ConversationsContext);
  if (given !== null) return given;
  tab ??= startConversations(Math.round(performance.timeOrigin));
  return tab;
}

/** What a conversation looks like now; the page is drawn again when it changes. */
export function useConversationView(conversation: Conversation): ConversationView {
  return useSyncExternalStore(conversation.subscribe, conversation.view);
}

/** Keep a conversation's connection while the component is shown; with a `url`, connect at once. */
export function useHold(conversation: Conversation, url?: string): void {
  useEffect(() => {
    const release = conversation.hold();
    if (url !== undefined) conversation.connect(url);
    return release;
  }, [conversation, url]);
}
