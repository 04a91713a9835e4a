"""The chat's page, connected when it opens, under an id of its own."""

from pages.conversation import ConversationPage


class ChatPage(ConversationPage):
    """Speaks T3."""

    path = "/chat"

    def client_id(self) -> str:
        """The number under which this tab speaks."""
        return self.page.get_by_role("paragraph").filter(has_text="ID:").locator("strong").inner_text()
