"""Test that no page violates a rule of axe, in both themes, narrow and wide, at rest and in use; labels of icons."""

import pytest
from playwright.sync_api import Page, expect

from looks import faults
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.room import RoomPage
from pages.site import Site
from pages.words import EN


@pytest.mark.parametrize(
    "path",
    ["/", "/items/order-1042#token=t&name=Ada", *(kind.path for kind in (ItemPage, EchoPage, ChatPage, MissingPage))],
)
def test_the_initial_pages_have_no_accessibility_violations(page: Page, path: str) -> None:
    page.goto(path)
    expect(Site(page, EN).heading).to_be_visible()

    assert faults(page) == []


def test_a_conversation_has_no_accessibility_violations(item: ItemPage) -> None:
    item.open()
    item.connect()
    for number in range(20):
        item.send(f"line {number}")
    expect(item.lines).to_have_count(40)
    assert faults(item.page) == []

    item.disconnect_button.click()
    item.type_and_press_enter("in vain")
    expect(item.warning).to_be_visible()
    assert faults(item.page) == []


def test_form_errors_have_no_accessibility_violations(item: ItemPage) -> None:
    item.open()
    item.item_id.fill("")
    item.connect_button.click()
    expect(item.page.get_by_text("An item ID is needed")).to_be_visible()

    assert faults(item.page) == []


def test_a_button_with_an_icon_shows_its_label_under_the_pointer(room: RoomPage) -> None:
    room.enter("labels")
    room.send("to be copied")
    room.wait_until_sent("to be copied")
    room.messages.last.hover()
    for button in (
        room.messages.last.get_by_role("button", name="Copy text"),
        room.page.get_by_role("button", name="Emoji"),
        room.page.get_by_role("button", name="Send"),
    ):
        label = button.get_attribute("aria-label")
        expect(button).to_have_css("visibility", "hidden", pseudo="after")
        button.hover()
        expect(button).to_have_css("visibility", "visible", pseudo="after")
        expect(button).to_have_css("content", f'"{label}"', pseudo="after")
