// The bridge from conversations to React.
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { Conversation, ConversationView } from "../client/conversation";
import type { Conversations } from "../client/conversations";

export const ConversationsContext = createContext<Conversations | null>(null);

/** The tab's conversations; throws outside of their context. */
export function useConversations(): Conversations {
  const conversations = useContext(ConversationsContext);
  if (conversations === null) throw new Error("useConversations() needs a ConversationsContext around it");
  return conversations;
}

/** What a conversation looks like now; the page is drawn again when it changes. */
export function useConversationView(conversation: Conversation): ConversationView {
  return useSyncExternalStore(conversation.subscribe, conversation.view);
}

/** Keeps a conversation's connection while the component is shown; with a `url`, connects at once as well. */
export function useHold(conversation: Conversation, url?: string): void {
  useEffect(() => {
    const release = conversation.hold();
    if (url !== undefined) conversation.connect(url);
    return release;
  }, [conversation, url]);
}
