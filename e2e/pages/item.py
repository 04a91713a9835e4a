"""Page object of the tutorial's item page: a plain socket with a credential."""

from playwright.sync_api import Locator

from pages.conversation import ConversationPage


class ItemPage(ConversationPage):
    """The item page (T2)."""

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
        """Set the cookie `session` as a host application does."""
        self.page.context.add_cookies([{"name": "session", "value": session, "url": self.page.url}])
