"""Take the README's screenshots with the tests' browser, on a server of its own."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect, sync_playwright

from browser import launch_options
from host import Host, hosting
from pages.embedded import EmbeddedRoom
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from samples import ITEM, NAMES, fill_rooms, late_morning, member_token
from stack import serve_deployed
from tests.support.credentials import SECRET
from tests.support.servers import Server

FOLDER = Path(__file__).parent / "screenshots"
SHOP = Path(__file__).parent / "shop.html"
SCREEN = {"width": 1280, "height": 800}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}

#: What fontconfig reads: the usual settings, and another typeface where none is named.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <alias binding="strong"><family>system-ui</family><prefer><family>Liberation Sans</family></prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Liberation Sans</family></prefer></alias>
</fontconfig>
"""
Prepare = Callable[[RoomPage], None]


def nothing(_: RoomPage) -> None:
    """Leave the page as it is."""


class Studio:
    """Takes pictures of a server's pages in one browser."""

    def __init__(self, browser: Browser, host: Host, folder: Path = FOLDER) -> None:
        self._browser = browser
        self._host = host
        self._folder = folder

    def room(self, name: str, before: Prepare = nothing, after: Prepare = nothing, **how: Any) -> None:
        """Picture the room page while members talk.

        Args:
            name: The name of the file.
            before: Opens what the picture shows, before Ada writes her draft.
            after: Changes the page last.
            **how: Options of Ada's browser context.

        """
        with self._conversation() as server:
            context = self._visit(**how)
            ada = RoomPage(context.new_page(), EN, name=NAMES["ada"], at=server.url)
            ada.enter(ITEM, token=member_token("ada"))
            with self._talk(server, ada, ada.page, before, ada):
                after(ada)
                self._save(ada.page, name)
            context.close()

    def embed(self, name: str, **how: Any) -> None:
        """Picture the same room in a host application's page."""
        with self._conversation() as server:
            host = self._host
            host.server, host.item, host.page = server.url, ITEM, SHOP.read_text()
            host.tokens = [member_token("ada") for _ in range(4)]
            context = self._visit(**how)
            shop = EmbeddedRoom(context.new_page())
            shop.page.goto(host.url)
            shop.wait_until_live()
            with self._talk(server, shop, shop.within):
                self._save(shop.page, name)
            context.close()

    def first_run(self, name: str, **how: Any) -> None:
        """Picture the first page of a server in open mode."""
        with tempfile.TemporaryDirectory() as folder, serve_deployed(Path(folder)) as server:
            post(server, "demo", "Hi! This is the room that the code above embeds.", name="Grace")
            post(server, "demo", "Open it in a second tab to see both sides.", name="Grace")
            context = self._visit(**how)
            page = context.new_page()
            page.goto(server.url)
            page.get_by_role("button", name="Show demo").click()
            expect(page.frame_locator("iframe").get_by_text("Open it in a second tab")).to_be_visible()
            self._save(page, name)
            context.close()

    @contextmanager
    def _conversation(self) -> Iterator[Server]:
        """Start a server with a key, whose rooms have messages."""
        env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": self._host.url}
        with tempfile.TemporaryDirectory() as folder, serve_deployed(Path(folder), env=env) as server:
            fill_rooms(server)
            yield server

    def _visit(self, **how: Any) -> BrowserContext:
        """Open a separate browser context."""
        usual = {"viewport": SCREEN, "locale": "en-GB", "reduced_motion": "reduce", "timezone_id": late_morning()}
        return self._browser.new_context(**(usual | how))

    @contextmanager
    def _talk(
        self,
        server: Server,
        ada: RoomPage | EmbeddedRoom,
        shown: Page | FrameLocator,
        before: Prepare = nothing,
        page: RoomPage | None = None,
    ) -> Iterator[None]:
        """Let Ada write a message that the others read, and a draft, while Sam is typing."""
        contexts = {id_: self._visit() for id_ in ("sam", "grace")}
        others = {id_: RoomPage(one.new_page(), EN, name=NAMES[id_], at=server.url) for id_, one in contexts.items()}
        for id_, other in others.items():
            other.enter(ITEM, token=member_token(id_))
        ada.send("Thanks, both of you. The customer is at home.")
        if page is not None:
            before(page)
        expect(shown.get_by_text("Seen by")).to_be_visible()
        ada.message.fill("Can you send the invoice, too?")
        ada.page.evaluate("document.fonts.ready.then(() => undefined)")
        others["sam"].message.press_sequentially("I will")
        expect(shown.get_by_text("Sam is typing")).to_be_visible()
        yield
        for context in contexts.values():
            context.close()

    def _save(self, page: Page, name: str) -> None:
        """Write the picture to its file."""
        path = self._folder / f"{name}.png"
        page.mouse.move(SCREEN["width"] / 2, 4)  # over nothing that would react
        page.screenshot(path=path)
        print(path)


def open_frames(room: RoomPage) -> None:
    """Open the frames in the developer panel, and send a few."""
    room.toggle_developer_panel()
    for text in ("Same address as last time?", "Found it: Avenida 9, 2.º B.", "All set."):
        room.send(text)
        room.wait_until_sent(text)
    expect(room.page.get_by_text("Send to ack")).to_be_visible()


def open_embed_code(room: RoomPage) -> None:
    """Show the code that embeds the room."""
    room.embed_button.click()
    expect(room.page.get_by_role("tabpanel", name="Embed code")).to_contain_text("alcove-room")


def open_details(room: RoomPage) -> None:
    """Open the details, and leave the button."""
    room.open_details()
    expect(room.members).to_have_count(3)


def go_offline(room: RoomPage) -> None:
    """Send the draft without a network."""
    room.page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")
    room.message.press("Enter")
    expect(room.status).to_contain_text("1 message waiting")


@contextmanager
def studio_browser() -> Iterator[Browser]:
    """Start the browser with a typeface as most systems have one, if this system has it: frames use `system-ui`."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fonts = Path(folder, "fonts.conf")
        fonts.write_text(FONTS)
        env: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
        with playwright.chromium.launch(**launch_options(), env=env) as browser:
            yield browser


def main() -> None:
    """Take all screenshots."""
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=60_000)
    with hosting() as host, studio_browser() as browser:
        studio = Studio(browser, host)
        studio.room("light", color_scheme="light")
        studio.room("dark", color_scheme="dark")
        studio.room("phone", **PHONE)
        studio.room("details", open_details)
        studio.room("developer", open_frames)
        studio.room("embed-code", open_embed_code, color_scheme="dark")
        studio.room("offline", after=go_offline, **PHONE)
        studio.embed("embed")
        studio.first_run("first-run")


if __name__ == "__main__":
    main()
