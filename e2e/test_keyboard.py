"""Test that everything can be done with the keyboard alone."""

from playwright.sync_api import expect

from pages.echo import EchoPage
from pages.item import ItemPage
from pages.words import EN


def test_a_conversation_works_with_the_keyboard_alone(item: ItemPage) -> None:
    keys = item.page.keyboard
    item.open()

    item.tab_to(item.item_id)
    keys.press("Control+A")
    keys.type("order 7")
    keys.press("Enter")
    expect(item.disconnect_button).to_be_visible()
    expect(item.status).to_contain_text("Connected")
    item.tab_to(item.message)
    keys.type("one")
    keys.press("Shift+Enter")
    keys.type("two")
    keys.press("Enter")
    expect(item.lines.last).to_have_text("Message text was: one two, for item ID: order 7")

    item.tab_to(item.disconnect_button)
    keys.press("Space")
    expect(item.connect_button).to_be_focused()
    expect(item.status).to_contain_text("You closed the connection")


def test_the_first_tab_stop_skips_the_header(item: ItemPage) -> None:
    item.open()
    expect(item.item_id).to_be_visible()

    item.page.keyboard.press("Tab")
    expect(item.skip_link).to_be_focused()
    expect(item.skip_link).to_be_in_viewport()
    item.page.keyboard.press("Enter")
    item.page.keyboard.press("Tab")

    expect(item.item_id).to_be_focused()


def test_the_main_part_of_a_new_page_is_focused(item: ItemPage) -> None:
    echo = EchoPage(item.page, EN)
    item.open()

    item.tab_to(item.account_button)
    item.page.keyboard.press("Enter")
    expect(item.link_to(EN.echo)).to_be_visible()
    item.tab_to(item.link_to(EN.echo))
    item.page.keyboard.press("Enter")

    expect(echo.heading).to_have_text("Echo")
    expect(echo.main).to_be_focused()


def test_the_focus_is_always_visible(item: ItemPage) -> None:
    item.open()
    stops = [
        item.item_id,
        item.connect_button,
        item.message,
        item.account_button,
        item.page.get_by_role("radio", name="System"),
        item.page.get_by_role("radio", name="English"),
        item.link_to(EN.echo),
    ]

    for stop in stops:
        if stop is stops[4]:
            item.page.keyboard.press("Enter")
            expect(stop).to_be_visible()
        item.tab_to(stop)
        ring = stop.evaluate("element => getComputedStyle(element).outlineStyle + getComputedStyle(element).boxShadow")
        assert ring != "nonenone", f"{stop} does not show that it has the focus"
