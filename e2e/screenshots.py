"""Take the README's screenshots with the tests' browser, on a server of its own."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from browser import launch_options
from host import Host, hosting
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from stack import deployed
from tests.support.servers import Server

FOLDER = Path(__file__).parent / "screenshots"
ITEM = "order-1042"
SCREEN = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
#: What was said before Ada comes: words with marks, a block of code, a body that is JSON.
BEFORE: list[tuple[str, object]] = [
    ("Lin", "Order 1042 is paid. Two boxes, fragile."),
    ("Lin", "The customer asks for delivery before noon."),
    ("Grace", "Has the parcel for **Avenida 9** been shipped?"),
    (
        "Bob",
        "It has, at ten past nine. The label came from `print-label`:\n```\nprint-label --order 1042 --copies 2\n```",
    ),
    ("Warehouse", {"parcel": "4711", "state": "on its way", "stops": [{"place": "Sevilla", "at": "11:40"}]}),
    ("Bob", "- first box: glasses\n- second box: the lamp"),
]
ELSEWHERE = {
    "listing-9": "Is the bike still available?",
    "order-1038": "Refund sent",
    "ticket-91": "Login works again, thank you!",
    "order-1043": "The address is right now",
    "ticket-88": "Can you look at the invoice?",
    "listing-7": "Sold, and gladly",
}
#: The host application around an embedded room.
SHOP = """() => {
    const row = (what, price) => `<tr style="border-top: 1px solid #ccc"><td style="padding: 10px 0">${what}</td>
        <td align="right">${price}</td></tr>`;
    document.documentElement.style.background = "#f7f5f0";
    document.body.style.cssText = "margin: 0; font: 15px/1.5 system-ui; color: #222";
    document.body.insertAdjacentHTML("afterbegin", `
        <header style="padding: 18px 40px; background: #22303c; color: #fff; font-weight: 600">Tienda Sur</header>
        <section style="float: left; width: 520px; padding: 32px 40px">
          <h1 style="font-size: 24px; margin: 0 0 4px">Order 1042</h1>
          <p style="margin: 0 0 20px; color: #666">Placed on 24 November · paid</p>
          <table style="width: 100%; border-collapse: collapse">
            ${row("Six glasses", "48 €")}${row("Desk lamp", "79 €")}${row("Total", "127 €")}
          </table>
        </section>`);
    const room = document.querySelector("alcove-room");
    room.style.cssText = "position: absolute; inset: 96px 40px 40px 640px; height: 664px;"
        + "border: 1px solid #ddd; border-radius: 12px; overflow: hidden";
    room.setAttribute("room-name", "Ask about this order");
    room.setAttribute("theme", "light");
}"""


def visit(browser: Browser, address: str, name: str, **how: object) -> tuple[BrowserContext, RoomPage]:
    """Open a separate browser context; `how`: further options."""
    context = browser.new_context(base_url=address, locale="en-GB", reduced_motion="reduce", **how)  # type: ignore[arg-type]  # the caller names its options
    return context, RoomPage(context.new_page(), EN, name=name)


@contextmanager
def conversation(host: Host) -> Iterator[Server]:
    """Start a server with an empty log, and fill the rooms that the pictures show."""
    env = {"ALCOVE_FRAME_ANCESTORS": host.url}
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder), env=env) as server:
        for item, line in ELSEWHERE.items():
            post(server, item, line, name="Lin")
        for who, body in BEFORE:
            post(server, ITEM, body, name=who)
        yield server


def talk(browser: Browser, server: Server, ada: RoomPage, prepare: Callable[[RoomPage], None], name: str) -> None:
    """Let two members talk with Ada while a third one types, and take a picture of Ada's page."""
    bob_context, bob = visit(browser, server.url, "Bob")
    grace_context, grace = visit(browser, server.url, "Grace")
    ada.enter(ITEM)
    bob.enter(ITEM)
    grace.enter(ITEM)
    ada.say("Then I shall be at home before noon. ¡Gracias!")
    grace.say("You will find it in **two** boxes: see https://example.org/parcels/4711")
    ada.say("Two it is. I keep both.")
    expect(ada.page.get_by_text("Seen by")).to_be_visible()
    prepare(ada)
    ada.message.fill("And the invoice?")
    ada.page.evaluate("document.fonts.ready.then(() => undefined)")
    bob.message.press_sequentially("One more")
    expect(ada.page.get_by_text("Bob is typing")).to_be_visible()
    save(ada, name)
    bob_context.close()
    grace_context.close()


def save(room: RoomPage, name: str) -> None:
    """Write the picture to its file."""
    room.page.screenshot(path=FOLDER / f"{name}.png")
    print(FOLDER / f"{name}.png")


def picture(
    browser: Browser, host: Host, name: str, prepare: Callable[[RoomPage], None] = lambda _: None, **how: object
) -> None:
    """Take one picture of the room page; `prepare` opens what it shows before."""
    with conversation(host) as server:
        context, ada = visit(browser, server.url, "Ada", **({"viewport": SCREEN} | how))
        talk(browser, server, ada, prepare, name)
        context.close()


def open_developer_panel(room: RoomPage) -> None:
    """Open the developer panel, after some frames were received."""
    room.toggle_developer_panel()
    room.say("Is it the same address as last time?")
    expect(room.page.get_by_text("Send to ack")).to_be_visible()


def picture_embed(browser: Browser, host: Host) -> None:
    """Take the picture of a room in a host application's page."""
    with conversation(host) as server:
        host.server, host.item, host.tokens = server.url, ITEM, ["some-key-token"]
        context, room = visit(browser, host.url, "Ada", viewport=SCREEN)
        room.page.goto(host.url)
        room.page.evaluate(SHOP)
        frame = room.page.frame_locator("iframe")
        expect(frame.get_by_text("second box")).to_be_visible()
        expect(frame.get_by_role("textbox")).to_be_visible()
        save(room, "embed")
        context.close()


def main() -> None:
    """Take all screenshots."""
    FOLDER.mkdir(exist_ok=True)
    with hosting() as host, sync_playwright() as playwright, playwright.chromium.launch(**launch_options()) as browser:
        picture(browser, host, "light", color_scheme="light")
        picture(browser, host, "dark", color_scheme="dark")
        picture(browser, host, "phone", viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
        picture(browser, host, "developer", open_developer_panel)
        picture_embed(browser, host)


if __name__ == "__main__":
    main()
