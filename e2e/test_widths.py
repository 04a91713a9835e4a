"""Test that no page needs horizontal scrolling at any width."""

import pytest
from playwright.sync_api import Page, expect

from looks import widths
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.words import EN, ES


@pytest.mark.parametrize("kind", [ItemPage, EchoPage, ChatPage, MissingPage])
@pytest.mark.browser_context_args(locale="es-ES")
def test_nothing_stands_out_at_the_side(page: Page, kind: type[ItemPage | EchoPage | ChatPage | MissingPage]) -> None:
    shown = kind(page, ES)
    shown.open()
    expect(shown.heading).to_be_visible()

    assert [width for width in widths(page) if shown.overflow() > 0] == []


def test_the_longest_word_is_wrapped_on_a_phone(page: Page) -> None:
    echo = EchoPage(page, EN)
    page.set_viewport_size({"width": 320, "height": 568})
    echo.open()
    expect(echo.status).to_contain_text("Connected")

    echo.say("x" * 2000)
    expect(echo.lines).to_have_count(1)

    assert echo.overflow() <= 0
    assert echo.log.evaluate("log => log.scrollWidth - log.clientWidth") <= 0


def test_the_whole_conversation_is_in_reach_on_a_phone(page: Page) -> None:
    item = ItemPage(page, EN)
    page.set_viewport_size({"width": 320, "height": 568})
    item.open()

    item.connect()
    item.say("hello")

    expect(item.lines.last).to_be_in_viewport()
