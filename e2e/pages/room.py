"""Page object of a room: its messages, its composer and its panels."""

import re

from playwright.sync_api import Locator, Page, expect

from pages.site import UNTIL_STILL, Site
from pages.words import Words

#: The token that the tutorial sends with the handshake; in open mode any is accepted.
TUTORIAL = "some-key-token"


class RoomPage(Site):
    """One member in one room; `at`: the URL of another server than the shared one."""

    path = "/"

    def __init__(self, page: Page, words: Words, *, name: str, at: str = "") -> None:
        super().__init__(page, words)
        self.at = at
        self.name = name

    # --- the first steps

    @property
    def demo_button(self) -> Locator:
        return self.page.get_by_role("button", name="Open a demo room")

    def open_advanced(self) -> None:
        """Show the fields of the tutorial; with a key, they are always shown."""
        advanced = self.page.get_by_text("Advanced")
        self.connect_button.or_(advanced).first.wait_for()
        if not self.connect_button.is_visible():
            advanced.click()

    @property
    def item_id(self) -> Locator:
        return self.page.get_by_label(self.words.item_id, exact=True)

    @property
    def token(self) -> Locator:
        return self.page.get_by_label("Token", exact=True)

    @property
    def name_field(self) -> Locator:
        return self.page.get_by_label("Name", exact=True)

    @property
    def connect_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.connect, exact=True)

    # --- the room

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def now_button(self) -> Locator:
        return self.page.get_by_role("button", name="Retry now", exact=True)

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name=self.words.messages)

    @property
    def messages(self) -> Locator:
        """The messages that are rendered: the list is virtual."""
        return self.log.get_by_role("article")

    @property
    def message(self) -> Locator:
        """The composer, whose label names the room."""
        return self.page.get_by_role("textbox", name=re.compile(f"^{self.words.message} .+"))

    @property
    def edit_field(self) -> Locator:
        """The text field that replaces a message while it is edited."""
        return self.log.get_by_role("textbox")

    @property
    def send_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.send, exact=True)

    @property
    def members(self) -> Locator:
        return self.page.get_by_role("region", name="Members").get_by_role("listitem")

    @property
    def rooms(self) -> Locator:
        return self.page.get_by_role("navigation", name="Rooms")

    @property
    def details_button(self) -> Locator:
        return self.page.get_by_role("button", name="Details", exact=True)

    @property
    def embed_button(self) -> Locator:
        return self.page.get_by_role("button", name="Embed", exact=True)

    @property
    def rooms_button(self) -> Locator:
        """The button that opens the list of rooms on a phone; its label has the number of unread messages."""
        return self.page.get_by_role("button", name=re.compile("^Rooms"))

    @property
    def frames(self) -> Locator:
        return self.page.get_by_role("region", name="Frames", exact=True)

    def open_details(self) -> None:
        """Open the panel with members and notification settings."""
        if self.details_button.get_attribute("aria-expanded") == "false":
            self.details_button.click()
        self.page.get_by_role("complementary", name="Details").wait_for()

    def toggle_developer_panel(self) -> None:
        self.page.keyboard.press("Control+Shift+Period")

    @property
    def sign_out_button(self) -> Locator:
        return self.page.get_by_role("button", name="Sign out", exact=True)

    @property
    def link_refused(self) -> Locator:
        return self.page.get_by_role("alert").filter(has_text="link")

    @property
    def to_foot(self) -> Locator:
        return self.page.get_by_role("button", name="Jump to latest")

    def visit(self, item: str, *, token: str = TUTORIAL) -> None:
        """Follow a link with a token, as a host application creates it."""
        self.page.goto(f"{self.at}/items/{item}#token={token}&name={self.name}")

    def enter(self, item: str, *, token: str = TUTORIAL) -> None:
        """Follow a link with a token into a room, and wait until the room is live."""
        self.visit(item, token=token)
        self.wait_until_live()

    def wait_until_live(self) -> None:
        """Wait until the room is live, also while the server restarts."""
        expect(self.status).to_have_text("Live")

    def hide_tab(self) -> None:
        """Make the page believe that its tab is hidden."""
        self.page.evaluate(
            """() => {
                Object.defineProperty(document, "visibilityState", { value: "hidden" });
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )

    def wait_until_offline_ready(self) -> None:
        """Wait until the browser can open the page without a server."""
        self.page.wait_for_function(
            """async () => {
                const names = performance.getEntriesByType("resource").map((entry) => entry.name);
                const files = names.filter((name) => name.includes("/assets/"));
                const kept = await Promise.all(files.map((name) => caches.match(name)));
                return kept.length > 0 && kept.every(Boolean);
            }"""
        )

    def send(self, text: str) -> None:
        self.message.fill(text)
        self.message.press("Enter")

    def message_with(self, text: str) -> Locator:
        """Return the locator of the message with this text."""
        return self.messages.filter(has=self.page.get_by_text(text, exact=True))

    @property
    def sending_label(self) -> Locator:
        """The label of messages that are not stored yet."""
        return self.messages.get_by_text("Sending…", exact=True)

    def wait_until_sent(self, text: str) -> None:
        """Wait until a message with this text, just written, is shown and stored, and all before it.

        The page draws a change with a later frame, so that the absence of the label alone says nothing.
        """
        expect(self.message_with(text).last).to_be_visible()
        expect(self.sending_label).to_have_count(0)

    def scroll_position(self) -> list[object]:
        """Return the first fully visible message and its distance from the top, once scrolling has ended."""
        place: list[object] = self.log.evaluate(
            f"""(log) => ({UNTIL_STILL})(() => {{
                const top = log.getBoundingClientRect().top;
                const first = [...log.querySelectorAll("article")]
                    .find((one) => one.getBoundingClientRect().top >= top);
                return [first.innerText, Math.round(first.getBoundingClientRect().top - top)];
            }})"""
        )
        return place

    def scroll_to_first(self, text: str) -> None:
        """Scroll up, loading older pages, until this text is rendered."""
        self.page.wait_for_function(
            """([log, text]) => {
                log.scrollTop = 0;
                return [...log.querySelectorAll("li *")].some((piece) => piece.textContent === text);
            }""",
            arg=[self.log.element_handle(), text],
            polling="raf",
            timeout=180_000,
        )

    def texts_upwards(self) -> list[list[str]]:
        """Yield the rendered texts from the bottom of the loaded messages to the top, one view at a time."""
        views: list[list[str]] = self.log.evaluate(
            """async (log) => {
                const frame = () => new Promise((next) => requestAnimationFrame(next));
                const articles = () => [...log.querySelectorAll("article")];
                const covered = () => {
                    const { top, bottom } = log.getBoundingClientRect();
                    const places = articles().map((article) => article.getBoundingClientRect());
                    // At the very top a day's line stands above the first message, at the foot a margin below the last.
                    return (log.scrollTop < 100 || places.some((place) => place.top <= top))
                        && places.some((place) => place.bottom >= bottom - 100);
                };
                const views = [];
                for (;;) {
                    do await frame(); while (!covered());
                    views.push(articles().map((article) => article.textContent));
                    if (log.scrollTop === 0) return views;
                    log.scrollTop = Math.max(0, log.scrollTop - log.clientHeight / 2);
                }
            }"""
        )
        return views

    def edit(self, text: str) -> None:
        """Replace the text in the edit field, and save it."""
        self.edit_field.fill(text)
        self.edit_field.press("Enter")

    def choose(self, text: str, way: str) -> None:
        """Press a button of the message with this text."""
        self.messages.filter(has_text=text).get_by_role("button", name=way, exact=True).click()

    def change(self, text: str, way: str) -> None:
        """Press a button of an own message, by keyboard: a mouse over a list that scrolls loses its message."""
        self.message_with(text).get_by_role("button", name=way, exact=True).press("Enter")
