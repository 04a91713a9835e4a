"""Page object of a host application's page with a room: the element, its events, and the frame's content."""

import re
from typing import Any

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from pages.words import EN

EVENTS = ("ready", "unread", "message", "height", "ended")
#: The element's events do not bubble; on their way down the document sees them.
RECORD = f"""
    window.events = [];
    for (const name of {list(EVENTS)})
        document.addEventListener(name, ({{ target, detail }}) => {{
            if (target.localName === "alcove-room") window.events.push({{ name, detail }});
        }}, true);
"""


class EmbeddedRoom:
    """A host page with one `<alcove-room>`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.add_init_script(RECORD)

    @property
    def element(self) -> Locator:
        return self.page.locator("alcove-room")

    @property
    def frame(self) -> Frame:
        """The document of the frame, to run scripts in."""
        (frame,) = [frame for frame in self.page.frames if "/embed/" in frame.url]
        return frame

    @property
    def status(self) -> Locator:
        return self.within.get_by_role("status")

    @property
    def log(self) -> Locator:
        return self.within.get_by_role("log")

    @property
    def message(self) -> Locator:
        """The composer, whose label names the room."""
        return self.within.get_by_role("textbox", name=re.compile(f"^({EN.message}|Mensaje) .+"))

    def message_with(self, text: str) -> Locator:
        return self.log.get_by_role("article").filter(has=self.within.get_by_text(text, exact=True))

    @property
    def sending_label(self) -> Locator:
        """The label of messages that are not stored yet."""
        return self.within.get_by_text("Sending…", exact=True)

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

    def set(self, name: str, value: str | None) -> None:
        """Set an attribute of the element; None removes it."""
        if value is None:
            self.element.evaluate("(element, name) => element.removeAttribute(name)", name)
        else:
            self.element.evaluate("(element, [name, value]) => element.setAttribute(name, value)", [name, value])

    def event(self, name: str, condition: str = "true") -> Any:
        """Wait for an event whose `detail` meets the condition; return the first one's `detail`."""
        script = f"() => events.find(({{ name, detail }}) => name === {name!r} && {condition})"
        return self.page.wait_for_function(script).evaluate("(event) => event.detail")

    def events(self, name: str) -> list[Any]:
        found: list[Any] = self.page.evaluate(f"events.filter(({{ name }}) => name === {name!r})")
        return [event["detail"] for event in found]

    @property
    def within(self) -> FrameLocator:
        """Locator of the frame's content."""
        return self.page.frame_locator("iframe[allow]")
