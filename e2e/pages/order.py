"""Page object of an order's page in an example shop, with the order's room."""

import re

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect


class OrderPage:
    """One user in one tab; `framed`: whether the room is in a frame."""

    def __init__(self, page: Page, url: str, *, framed: bool) -> None:
        self.page = page
        self.url = url
        self.room: Page | FrameLocator = page.frame_locator("alcove-room iframe") if framed else page

    @property
    def document(self) -> Frame:
        """The document that contains the room."""
        return self.page.frames[-1]

    @property
    def status(self) -> Locator:
        return self.room.get_by_role("status")

    @property
    def message(self) -> Locator:
        """The composer, whose label names the room."""
        return self.room.get_by_role("textbox", name=re.compile(r"^Message .+"))

    @property
    def log(self) -> Locator:
        return self.room.get_by_role("log")

    @property
    def sending_label(self) -> Locator:
        """The label of messages that are not stored yet."""
        return self.log.get_by_text("Sending…", exact=True)

    def message_with(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has_text=text)

    def sign_in(self, user: str, order: str) -> None:
        """Sign in to the shop, and open an order."""
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("User").fill(user)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")
        self.open(order)

    def open(self, order: str) -> None:
        self.page.goto(f"{self.url}/orders/{order}")

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out", exact=True).click()

    def wait_until_live(self) -> None:
        expect(self.status).to_have_text("Live")

    def send(self, text: str) -> None:
        self.message.fill(text)
        self.message.press("Enter")

    def wait_until_sent(self, text: str) -> None:
        """Wait until a message with this text, just written, is shown and stored, and all before it.

        The page draws a change with a later frame, so that the absence of the label alone says nothing.
        """
        expect(self.message_with(text).last).to_be_visible()
        expect(self.sending_label).to_have_count(0)
