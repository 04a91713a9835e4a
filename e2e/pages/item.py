"""The playground: an item's plain socket, with a credential."""

from playwright.sync_api import Locator

from pages.conversation import ConversationPage


class ItemPage(ConversationPage):
    """Speaks T2."""

    path = "/playground"

    @property
    def item_id(self) -> Locator:
        return self.page.get_by_label(self.words.item_id, exact=True)

    @property
    def token(self) -> Locator:
        return self.page.get_by_label("Token", exact=True)

    @property
    def q(self) -> Locator:
        return self.page.get_by_label("q", exact=True)

    def sign_in(self, session: str) -> None:
        """Carry the cookie `session`, as a host application would set it."""
        self.page.context.add_cookies([{"name": "session", "value": session, "url": self.page.url}])
