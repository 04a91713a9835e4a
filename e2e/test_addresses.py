"""Test that every page has a URL that can be opened, reloaded and navigated back to."""

import re

import pytest
from playwright.sync_api import Page, expect

from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.words import EN


@pytest.mark.parametrize(("kind", "title"), [(ItemPage, "Playground"), (EchoPage, "Echo"), (ChatPage, "Chat")])
def test_a_page_opens_by_its_address_and_survives_a_reload(
    page: Page, kind: type[ItemPage | EchoPage | ChatPage], title: str
) -> None:
    shown = kind(page, EN)
    shown.open()
    expect(shown.heading).to_have_text(title)
    expect(page).to_have_title(re.compile(title))

    page.reload()

    expect(shown.heading).to_have_text(title)
    shown.open_account()
    expect(shown.link_to(title)).to_have_attribute("aria-current", "page")


def test_back_and_forward_navigate_between_pages(item: ItemPage) -> None:
    item.open()
    item.item_id.fill("order-7")
    item.go_to(EN.echo)
    expect(item.heading).to_have_text("Echo")
    item.go_to(EN.chat)
    expect(item.heading).to_have_text("Chat")

    item.page.go_back()
    expect(item.heading).to_have_text("Echo")
    item.page.go_back()

    expect(item.heading).to_have_text("Playground")
    expect(item.item_id).to_have_value("order-7")


def test_an_unknown_address_shows_the_home_page(missing: MissingPage) -> None:
    missing.open()
    expect(missing.heading).to_have_text(EN.missing)

    missing.way_home.click()

    expect(missing.heading).to_have_text("A live room for every item in your app")
