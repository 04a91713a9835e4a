"""Page object of the chat page, which connects when it opens."""

from pages.conversation import ConversationPage


class ChatPage(ConversationPage):
    """The chat page (T3)."""

    path = "/chat"

    def client_id(self) -> str:
        """The number of this client in the chat."""
        return self.page.get_by_role("paragraph").filter(has_text="ID:").locator("strong").inner_text()
