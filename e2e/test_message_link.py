"""Test the link to a message: copied from its menu, it leads to the message and marks it."""

from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pages.room import RoomPage
from pages.words import EN, ES, Words
from seed import fill
from tests.support.servers import Server


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def expect_marked(room: RoomPage, text: str) -> None:
    """Check that the message is in view, marked, and has the focus."""
    expect(room.message_with(text)).to_have_attribute("aria-current", "true")
    expect(room.message_with(text)).to_be_in_viewport(ratio=1)
    expect(room.message_with(text)).to_be_focused()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(EN, marks=pytest.mark.browser_context_args(locale="en-GB"), id="en"),
        pytest.param(ES, marks=pytest.mark.browser_context_args(locale="es-ES"), id="es"),
    ],
)
def test_a_link_copied_by_keys_leads_to_its_message(
    page: Page, context: BrowserContext, server: Server, item: str, words: Words
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill(server, item, 300)
    room = RoomPage(page, words, name="Ada")
    page.goto(f"/items/{item}#token=some-key-token&name=Ada")
    expect(room.message_with("line 299")).to_be_in_viewport()
    room.log.focus()
    page.keyboard.press("ArrowUp")
    expect(room.message_with("line 299")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(room.message_with("line 298")).to_be_focused()
    page.keyboard.press("ArrowRight")
    copy = room.message_with("line 298").get_by_role("button", name=words.copy_link)
    for _ in range(5):
        if copy.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("ArrowRight")
    expect(copy).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "async (item) => (await navigator.clipboard.readText()).includes(`${item}#message-`)", arg=item
    )

    link: str = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/items/{item}#message-299"
    # A message far above the entries loaded first: in a new tab opened by the link, then by a link within the page.
    page.goto("about:blank")
    page.goto(link.replace("-299", "-40"))
    expect_marked(room, "line 39")
    page.evaluate("location.hash = 'message-299'")
    expect_marked(room, "line 298")
    expect(room.message_with("line 39").and_(page.locator("[aria-current]"))).to_have_count(0)


def test_a_link_to_a_message_that_is_not_there_opens_the_room(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 3)
    room.enter(item)
    room.page.goto("about:blank")
    room.page.goto(f"/items/{item}#message-4711")
    room.wait_until_live()

    expect(room.message_with("line 2")).to_be_in_viewport()
    expect(room.message).to_be_focused()
