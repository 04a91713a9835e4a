"""Test the emoji picker of the composer: by keyboard, in both languages, by touch, in small frames and offline."""

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from layout import REPORTS, small_targets
from looks import themes, violations
from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def emoji_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Emoji", exact=True)


def picker(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Emoji", exact=True)


def open_picker(page: Page) -> None:
    """Open the picker, and wait until its search has the focus."""
    emoji_button(page).click()
    expect(picker(page).get_by_role("searchbox")).to_be_focused()


def overflows(box: Locator) -> bool:
    """Return whether a part of the box is outside the window, or something in it is wider than itself."""
    outside: bool = box.evaluate(
        """(box) => {
            const { top, left, right, bottom } = box.getBoundingClientRect();
            const isWithin = top >= 0 && left >= 0 && right <= innerWidth && bottom <= innerHeight;
            return !isWithin || box.scrollWidth > box.clientWidth;
        }"""
    )
    return outside


def test_an_emoji_goes_to_the_caret_by_the_keyboard_alone(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    room.message.fill("Hello Ada")
    room.message.evaluate("(field) => field.setSelectionRange(6, 9)")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(picker(page).get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("waving h")
    expect(picker(page).get_by_role("button")).to_have_count(1)
    page.keyboard.press("Enter")

    expect(room.message).to_be_focused()
    expect(picker(page)).to_have_count(0)
    page.keyboard.type("!")
    expect(room.message).to_have_value("Hello 👋!")
    page.keyboard.press("Enter")
    room.wait_until_sent("Hello 👋!")


def test_arrow_keys_move_among_groups_and_emoji_and_escape_leads_back(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    room.message.fill("half")
    open_picker(page)
    page.keyboard.press("Tab")
    expect(picker(page).get_by_role("radio", name="Smileys & emotion")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(picker(page).get_by_role("toolbar", name="People & body")).to_be_visible()

    page.keyboard.press("Tab")
    buttons = picker(page).get_by_role("toolbar").get_by_role("button")
    expect(buttons.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.offsetLeft")
    assert below == buttons.nth(1).evaluate("(button) => button.offsetLeft")
    page.keyboard.press("ArrowUp")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(picker(page).get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")

    expect(picker(page)).to_have_count(0)
    expect(room.message).to_be_focused()
    expect(room.message).to_have_value("half")


@pytest.mark.browser_context_args(locale="es-ES")
def test_a_reader_of_spanish_searches_in_spanish(page: Page, item: str) -> None:
    page.goto(f"/items/{item}#token=some-key-token&name=Ada")
    open_picker(page)

    page.keyboard.type("corazon rojo")
    page.keyboard.press("Enter")

    expect(page.get_by_role("textbox", name=f"Mensaje a {item}")).to_have_value("❤️")
    open_picker(page)
    expect(picker(page).get_by_role("toolbar", name="Usados hace poco").get_by_role("button")).to_have_text("❤️")


def test_13_14_it_is_accessible_and_keeps_the_policy(room: RoomPage, page: Page, item: str) -> None:
    page.add_init_script(REPORTS)
    room.enter(item)
    open_picker(page)

    for theme in themes(page):
        assert violations(page) == [], theme
    assert small_targets(page, 28) == []
    page.keyboard.type("xyzzy")
    expect(picker(page).get_by_text("No emoji found")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("window.reports") == []


@pytest.mark.browser_context_args(viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
def test_6_it_fits_a_phone_and_its_targets_a_finger(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    emoji_button(page).tap()
    expect(picker(page).get_by_role("searchbox")).to_be_focused()

    assert not overflows(picker(page))
    assert small_targets(page, 44) == []
    picker(page).get_by_role("button", name="grinning face", exact=True).tap()
    expect(room.message).to_have_value("😀")


@pytest.mark.browser_context_args(viewport={"width": 280, "height": 240})
def test_7_it_fits_the_smallest_frame(page: Page, item: str) -> None:
    page.goto(f"/embed/{item}")
    open_picker(page)

    assert not overflows(picker(page))
    picker(page).get_by_role("button", name="grinning face", exact=True).click()
    expect(page.get_by_role("textbox")).to_have_value("😀")


def test_it_opens_once_the_network_is_back(room: RoomPage, page: Page, item: str, page_problems: PageProblems) -> None:
    page_problems.expect(NETWORK_CUT)
    room.enter(item)
    room.wait_until_offline_ready()
    page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")
    with page.expect_event("requestfailed", lambda request: "EmojiPicker" in request.url):
        emoji_button(page).click()

    page.context.set_offline(False)

    expect(picker(page).get_by_role("searchbox")).to_be_focused()
