"""Take the README's screenshots, in the browser of the tests, of a server of its own."""

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from browser import launch_options
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from stack import deployed

FOLDER = Path(__file__).parent / "screenshots"
ITEM = "order-1042"
#: Who says what before Ada comes: words with marks, a block of code, a body that is JSON.
BEFORE: list[tuple[str, object]] = [
    ("Grace", "Has the parcel for **Avenida 9** been shipped?"),
    (
        "Bob",
        "It has, at ten past nine. The label came from `print-label`:\n```\nprint-label --order 1042 --copies 2\n```",
    ),
    ("Warehouse", {"parcel": "4711", "state": "on its way", "stops": [{"place": "Sevilla", "at": "11:40"}]}),
]
ELSEWHERE = {
    "order-1043": "The address is right now",
    "ticket-88": "Can you look at the invoice?",
    "listing-7": "Sold, and gladly",
}


def visit(browser: Browser, address: str, name: str, **how: object) -> tuple[BrowserContext, RoomPage]:
    """Open a separate browser context; `how`: its further options."""
    context = browser.new_context(base_url=address, locale="en-GB", reduced_motion="reduce", **how)  # type: ignore[arg-type]  # the caller names its options
    return context, RoomPage(context.new_page(), EN, name=name)


def take(
    browser: Browser, address: str, name: str, theme: Literal["light", "dark"], *, width: int, height: int
) -> None:
    """Let three talk and a fourth write, and picture it as Ada sees it."""
    ada_context, ada = visit(browser, address, "Ada", color_scheme=theme, viewport={"width": width, "height": height})
    bob_context, bob = visit(browser, address, "Bob")
    grace_context, grace = visit(browser, address, "Grace")
    ada.enter(ITEM)
    bob.enter(ITEM)
    grace.enter(ITEM)
    ada.say("Then I shall be at home before noon. ¡Gracias!")
    grace.say("You will find it in **two** boxes: see https://example.org/parcels/4711")
    ada.say("Two it is. I keep both.")
    expect(ada.page.get_by_text("Seen by")).to_be_visible()
    bob.message.press_sequentially("One more")
    expect(ada.page.get_by_text("Bob is writing")).to_be_visible()
    ada.message.fill("And the invoice?")
    ada.page.screenshot(path=FOLDER / f"{name}.png")
    for context in (ada_context, bob_context, grace_context):
        context.close()
    print(FOLDER / f"{name}.png")


def picture(browser: Browser, name: str, theme: Literal["light", "dark"], *, width: int, height: int) -> None:
    """Take one picture, of a server that knows nothing but this conversation."""
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder)) as server:
        for item, line in ELSEWHERE.items():
            post(server, item, line, name="Lin")
        for who, body in BEFORE:
            post(server, ITEM, body, name=who)
        take(browser, server.url, name, theme, width=width, height=height)


def main() -> None:
    """Take all of them."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright, playwright.chromium.launch(**launch_options()) as browser:
        picture(browser, "light", "light", width=1280, height=800)
        picture(browser, "dark", "dark", width=1280, height=800)
        picture(browser, "phone", "light", width=390, height=844)


if __name__ == "__main__":
    main()
