"""Test that the page uses the browser's language, and another one on request."""

import pytest
from playwright.sync_api import Page, expect

from pages.item import ItemPage
from pages.words import EN, ES


@pytest.mark.browser_context_args(locale="es-CO")
def test_a_spanish_browser_is_served_in_spanish(page: Page) -> None:
    item = ItemPage(page, ES)
    item.open()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(item.item_id).to_have_value("foo")

    item.connect()
    item.send("hola")

    expect(item.lines.last).to_have_text("Message text was: hola, for item ID: foo")
    item.disconnect_button.click()
    expect(item.status).to_contain_text("Desconectado Has cerrado la conexión")


@pytest.mark.browser_context_args(locale="fr-FR")
def test_a_browser_of_another_language_is_served_in_english(item: ItemPage) -> None:
    item.open()

    expect(item.connect_button).to_be_visible()


def test_the_language_is_switched_and_stays_so(item: ItemPage) -> None:
    spanish = ItemPage(item.page, ES)
    item.open()

    item.choose_other_language()
    expect(spanish.connect_button).to_be_visible()
    item.page.reload()
    expect(spanish.connect_button).to_be_visible()
    expect(item.page.locator("html")).to_have_attribute("lang", "es")

    spanish.choose_other_language()
    expect(ItemPage(item.page, EN).connect_button).to_be_visible()
