"""Test that no page violates a rule of axe, in both themes, narrow and wide, at rest and in use."""

import pytest
from playwright.sync_api import Page, expect

from looks import faults
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
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
