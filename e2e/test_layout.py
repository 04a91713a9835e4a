"""Test the layout criteria of the design brief, at 1280 by 800 unless a test says otherwise."""

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from layout import (
    BORDER_CONTRAST,
    FONT_SIZES,
    LAYOUT_PARTS,
    MARKED_ROOMS,
    REPORTS,
    TO_TOP,
    WHOLE_LINES,
    small_targets,
)
from looks import themes, violations
from pages.chat import ChatPage
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from seed import fill, take_turns
from tests.support.servers import Server

SCREEN = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
on_screen = pytest.mark.browser_context_args(viewport=SCREEN)
on_phone = pytest.mark.browser_context_args(viewport=PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


@on_screen
def test_1_2_5_the_log_has_most_of_the_window_and_many_lines(room: RoomPage, server: Server, item: str) -> None:
    fill(server, f"{item}-1", 40)
    take_turns(server, f"{item}-2", 1)
    take_turns(server, f"{item}-3", 2)
    for suffix, least in (("1", 22), ("2", 11), ("3", 14)):
        room.enter(f"{item}-{suffix}")
        expect(room.message_with("line 39")).to_be_in_viewport()
        assert room.log.evaluate(WHOLE_LINES) >= least, suffix

    parts = room.log.evaluate(LAYOUT_PARTS)
    assert parts["height"] >= 0.78
    assert parts["area"] >= 0.55
    assert parts["fade"] == "12px"
    assert parts["header"] != "rgba(0, 0, 0, 0)"


@on_screen
def test_4_letters_keep_their_size_in_every_window(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    room.send("hello")
    expect(room.message_with("hello")).to_be_visible()
    for width in (320, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        root, heading = page.evaluate(FONT_SIZES)
        message: float = room.message_with("hello").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert (root, 15 <= message <= 16, heading <= 24) == (16, True, True), width
    for shown in (ItemPage(page, EN), ChatPage(page, EN), MissingPage(page, EN)):
        shown.open()
        expect(shown.heading).to_be_visible()
        assert page.evaluate(FONT_SIZES)[1] <= 24, shown.path


@on_phone
def test_6_a_phone_shows_the_room_and_large_targets(room: RoomPage, page: Page, server: Server, item: str) -> None:
    fill(server, item, 40)
    room.enter(item)
    expect(room.message_with("line 39")).to_be_in_viewport()
    assert room.log.evaluate(LAYOUT_PARTS)["height"] >= 0.72
    assert small_targets(page, 44) == []
    room.rooms_button.click()
    expect(room.rooms).to_be_visible()
    room.open_account()
    assert small_targets(page, 44) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close rooms").click()
    room.open_details()
    assert small_targets(page, 44) == []
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 390, "height": 500})
    expect(room.message).to_be_in_viewport(ratio=1)


@on_phone
def test_6_a_phone_cuts_no_code_and_has_large_targets_in_messages(
    room: RoomPage, page: Page, server: Server, item: str
) -> None:
    post(server, item, "```\nprint-label --order 1042 --copies 2 --printer warehouse\n```", {"parcel": [4711]})
    room.enter(item)
    code = room.log.locator("pre")
    expect(code).to_be_visible()
    expect(room.log.get_by_role("button", name="Copy code")).to_be_visible()

    assert code.evaluate("(block) => block.scrollWidth - block.clientWidth") <= 0
    assert small_targets(page, 44) == []


@on_screen
def test_6_7_a_mouse_finds_its_targets_and_zoom_keeps_the_composer(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    room.open_details()
    room.toggle_developer_panel()
    expect(room.frames).to_be_visible()
    assert small_targets(page, 22) == []  # rows of frames; everything else has 28
    room.toggle_developer_panel()
    assert small_targets(page, 28) == []
    page.get_by_role("button", name="Close details").click()

    for width, height in ((640, 400), (320, 200)):  # 200 and 400 %
        page.set_viewport_size({"width": width, "height": height})
        expect(room.message).to_be_in_viewport(ratio=1)
        assert room.overflow() <= 0


def edges(element: Locator) -> tuple[float, float]:
    """Return where the element begins and ends, in pixels from the top."""
    top, bottom = element.evaluate("(one) => [one.getBoundingClientRect().top, one.getBoundingClientRect().bottom]")
    return top, bottom


@on_screen
def test_composer_and_account_end_in_one_line_and_no_row_shows_through_the_day(
    room: RoomPage, page: Page, server: Server, item: str
) -> None:
    fill(server, item, 120)  # one page up, the log is not at its top
    room.enter(item)
    expect(room.message_with("line 119")).to_be_in_viewport()
    box = room.message.locator("xpath=ancestor::form/div")
    assert edges(box) == edges(room.account_button)

    room.log.focus()
    page.keyboard.press("PageUp")
    day = room.log.locator("xpath=following-sibling::*").filter(has_text="Today")
    expect(day).to_be_visible()
    assert day.evaluate("(band) => getComputedStyle(band).backgroundColor") == room.background()


@on_screen
def test_the_first_page_is_in_the_middle_of_a_wide_window(room: RoomPage, page: Page) -> None:
    page.set_viewport_size({"width": 2560, "height": 1200})
    room.open()
    expect(room.demo_button).to_be_visible()
    left, right = page.evaluate(
        """() => {
            const main = document.querySelector("main").getBoundingClientRect();
            const page = document.querySelector("main h1").closest("main > div").getBoundingClientRect();
            return [page.left - main.left, main.right - page.right];
        }"""
    )
    assert left == pytest.approx(right, abs=1)


@on_screen
def test_10_the_composer_is_focused_at_first_and_reachable_by_tab(
    room: RoomPage, page: Page, server: Server, item: str
) -> None:
    fill(server, item, 5)
    room.enter(item)
    expect(room.message).to_be_focused()

    page.evaluate(TO_TOP)
    room.tab_to(room.message, at_most=6)

    expect(room.message).to_be_focused()


@on_screen
def test_13_contrast_and_forced_colors(room: RoomPage, page: Page, server: Server, item: str) -> None:
    fill(server, f"{item}-other", 1)
    fill(server, item, 1)
    room.enter(item)
    expect(room.rooms.get_by_role("link", name=f"{item}-other")).to_be_visible()
    for theme in themes(page):
        for field in (room.message, page.get_by_role("searchbox")):
            assert field.evaluate(BORDER_CONTRAST) >= 3, theme
    page.emulate_media(forced_colors="active")

    assert room.rooms.evaluate(MARKED_ROOMS) == [item]


@on_screen
def test_13_14_every_overlay_is_accessible_and_keeps_the_policy(room: RoomPage, page: Page, item: str) -> None:
    page.add_init_script(REPORTS)
    room.enter(item)
    room.send("hello")
    room.wait_until_sent("hello")
    room.message_with("hello").hover()
    room.open_details()
    room.toggle_developer_panel()
    for tab in ("Connections", "Embed code", "Frames"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible()
        assert violations(page) == [], tab
    room.open_account()
    assert violations(page) == []
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert violations(page) == []

    assert page.evaluate("window.reports") == []
