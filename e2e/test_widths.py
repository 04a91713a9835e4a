"""Test that no page needs horizontal scrolling at any width."""

import pytest
from playwright.sync_api import Page, expect

from layout import REPORTS
from looks import COLOR_RULES, WIDTHS, themes, violations, widths
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.site import Site
from pages.words import EN, ES

KINDS = (ItemPage, EchoPage, ChatPage, MissingPage)


@pytest.mark.parametrize("path", ["/", "/items/order-1042#token=t&name=Ada", *(kind.path for kind in KINDS)])
@pytest.mark.browser_context_args(locale="es-ES")
def test_no_width_overflows_or_has_accessibility_violations_in_spanish(page: Page, path: str) -> None:
    shown = Site(page, ES)
    page.add_init_script(REPORTS)
    page.goto(path)
    expect(shown.heading).to_be_visible()

    for width in widths(page):
        assert shown.overflow() <= 0, width
        if width in {WIDTHS[0], WIDTHS[-1]}:
            for theme in themes(page):
                assert violations(page, COLOR_RULES if theme == "dark" else None) == [], (width, theme)
    assert page.evaluate("window.reports") == []


def test_the_longest_word_is_wrapped_on_a_phone(page: Page) -> None:
    echo = EchoPage(page, EN)
    page.set_viewport_size({"width": 320, "height": 568})
    echo.open()
    expect(echo.status).to_contain_text("Connected")

    echo.send("x" * 2000)
    expect(echo.lines).to_have_count(1)

    assert echo.overflow() <= 0
    assert echo.log.evaluate("log => log.scrollWidth - log.clientWidth") <= 0


def test_the_whole_conversation_can_be_scrolled_on_a_phone(page: Page) -> None:
    item = ItemPage(page, EN)
    page.set_viewport_size({"width": 320, "height": 568})
    item.open()

    item.connect()
    item.send("hello")

    expect(item.lines.last).to_be_in_viewport()
