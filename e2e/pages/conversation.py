"""Base class of the page objects of echo, item and chat: a connection, a log and a composer."""

from playwright.sync_api import Locator

from pages.site import Site


class ConversationPage(Site):
    """A page with one socket."""

    @property
    def connect_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.connect, exact=True)

    @property
    def disconnect_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.disconnect, exact=True)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def warning(self) -> Locator:
        return self.page.get_by_role("alert")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name=self.words.messages)

    @property
    def lines(self) -> Locator:
        return self.log.get_by_role("listitem")

    @property
    def message(self) -> Locator:
        return self.page.get_by_label(self.words.message, exact=True)

    @property
    def send_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.send, exact=True)

    def connect(self) -> None:
        """Press Connect and wait for the socket."""
        self.connect_button.click()
        self.disconnect_button.wait_for()
        self.status.get_by_text(self.words.connected, exact=True).wait_for()

    def send(self, text: str) -> None:
        self.message.fill(text)
        self.send_button.click()

    def type_and_press_enter(self, text: str) -> None:
        """Type the text and press Enter, without waiting until sending is possible."""
        self.message.fill(text)
        self.message.press("Enter")
