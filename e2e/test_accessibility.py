"""No page breaks a rule of axe, in either theme, at rest or in use."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.words import EN

themes = pytest.mark.parametrize("theme", ["light", "dark"])
widths = pytest.mark.parametrize("width", [320, 1280])


def violations(page: Page) -> list[str]:
    """What axe-core finds: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


@themes
@widths
@pytest.mark.parametrize("kind", [ItemPage, EchoPage, ChatPage, MissingPage])
def test_a_page_at_rest_breaks_no_rule(
    page: Page, kind: type[ItemPage | EchoPage | ChatPage | MissingPage], theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 700})
    shown = kind(page, EN)
    shown.open()
    expect(shown.heading).to_be_visible()

    assert violations(page) == []


@themes
@widths
def test_a_conversation_breaks_no_rule(item: ItemPage, theme: str, width: int) -> None:
    item.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    item.page.set_viewport_size({"width": width, "height": 700})
    item.open()
    item.connect()
    for number in range(20):
        item.say(f"line {number}")
    expect(item.lines).to_have_count(40)
    assert violations(item.page) == []

    item.disconnect_button.click()
    item.try_to_say("in vain")
    expect(item.warning).to_be_visible()
    assert violations(item.page) == []


@themes
def test_what_is_wrong_in_the_form_breaks_no_rule(item: ItemPage, theme: str) -> None:
    item.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    item.open()
    item.item_id.fill("")
    item.connect_button.click()
    expect(item.page.get_by_text("An item ID is needed")).to_be_visible()

    assert violations(item.page) == []
