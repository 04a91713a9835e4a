"""Test what is at the edges of a room: cut lines, low and narrow windows, rings, and tooltips."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.room import RoomPage
from seed import fill, member, send
from tests.support.clients import TIMEOUT_S
from tests.support.servers import Server

#: Five lines of text in 320 px.
LONG = "It says the same thing again and again, until it is long enough for some lines. " * 2
#: Where a box ends or begins, relative to that of its closest ancestor which matches a selector.
INSETS = """(one, selector) => {
    const [inner, outer] = [one, one.closest(selector)].map((element) => element.getBoundingClientRect());
    return [inner.left - outer.left, outer.right - inner.right];
}"""
#: How much of a line of text the cover or the day leaves cut, in px, once it is little, or many frames have been drawn.
CUT_TEXT = """async (log) => {
    const cut = () => {
        const covered = parseFloat(getComputedStyle(log.parentElement, "::after").height) || 0;
        const edge = log.getBoundingClientRect().top + Math.max(covered, 28);
        const lines = [...log.querySelectorAll("article")].flatMap((text) => {
            const range = document.createRange();
            range.selectNodeContents(text);
            return [...range.getClientRects()].filter(({ height }) => height < 30);
        });
        return Math.max(0, ...lines.map(({ top, bottom }) => Math.min(edge - top, bottom - edge)));
    };
    for (let frame = 0; frame < 120 && (frame < 2 || cut() > 3); frame += 1) await new Promise(requestAnimationFrame);
    return cut();
}"""
TOUCH = pytest.mark.browser_context_args(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def fill_long(server: Server, item: str) -> None:
    """Send messages of some lines each; return when all are stored."""
    with member(server, item, "Shop") as shop:
        shop.send(send([LONG] * 20))
        acks = 0
        while acks < 20:
            acks += str(shop.recv(timeout=TIMEOUT_S)).count('"type":"ack"')


def cover(room: RoomPage) -> Locator:
    return room.log.locator("xpath=..")


@pytest.mark.parametrize("height", [568, 561, 554, 547])
def test_no_line_of_a_long_message_is_cut_at_the_top_of_the_log(
    room: RoomPage, server: Server, item: str, height: int
) -> None:
    fill_long(server, item)
    room.page.set_viewport_size({"width": 320, "height": height})
    room.enter(item)
    expect(room.messages.last).to_be_in_viewport()

    assert room.log.evaluate(CUT_TEXT) <= 3  # the box of a line is higher than its letters


def test_the_cover_stays_while_a_message_has_the_focus_which_is_above_it(
    room: RoomPage, server: Server, item: str
) -> None:
    fill(server, item, 60)
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    room.log.focus()
    room.page.keyboard.press("ArrowUp")
    focused = room.message_with("line 59")
    expect(focused).to_be_focused()

    expect(cover(room)).not_to_have_css("display", "none", pseudo="after")
    expect(focused).to_have_css("z-index", "2")


def test_a_low_log_is_not_covered_and_the_way_to_its_end_is_an_icon(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 60)
    room.page.set_viewport_size({"width": 320, "height": 200})
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    expect(cover(room)).to_have_css("display", "none", pseudo="after")

    room.log.evaluate("(log) => { log.scrollTop = log.scrollHeight / 2; }")

    expect(room.to_foot).to_be_in_viewport()
    assert room.to_foot.evaluate("(one) => one.getBoundingClientRect().width") <= 44
    expect(room.log.locator("xpath=following-sibling::*").filter(has_text="Today")).to_be_hidden()


def test_the_unread_badge_is_within_the_menu_button(room: RoomPage, server: Server, item: str) -> None:
    room.enter(f"{item}-other")
    room.wait_until_live()
    room.enter(item)
    room.page.set_viewport_size({"width": 640, "height": 400})
    fill(server, f"{item}-other", 120)
    badge = room.page.get_by_text(re.compile(r"^\d+\+?$")).filter(visible=True)
    expect(badge).to_have_text("99+")
    button = room.rooms_button.bounding_box()
    inner = badge.bounding_box()
    assert button is not None
    assert inner is not None

    assert button["width"] == button["height"] == 44
    assert button["x"] <= inner["x"]
    assert inner["x"] + inner["width"] <= button["x"] + button["width"]


def test_an_edit_by_mouse_leaves_a_ring_as_wide_as_the_text_and_no_buttons_over_it(
    room: RoomPage, server: Server, item: str
) -> None:
    fill(server, item, 1)
    room.enter(item)
    room.send("mine")
    room.wait_until_sent("mine")
    room.message_with("mine").hover()
    room.message_with("mine").get_by_role("button", name="Edit", exact=True).click()
    room.edit("edited")
    row = room.message_with("edited")
    expect(row).to_be_focused()

    left, right = row.evaluate(INSETS, "[role=log]")
    assert left == 0
    assert right > 100
    expect(row.get_by_role("toolbar")).to_have_css("opacity", "0")
    room.page.keyboard.press("Enter")  # by mistake
    expect(row).to_be_focused()
    expect(room.messages).to_have_count(2)


@TOUCH
def test_a_tap_on_a_grouped_message_shows_its_time_and_its_date_within_the_screen(
    room: RoomPage, server: Server, item: str
) -> None:
    fill(server, item, 5)
    room.enter(item)
    row = room.message_with("line 3")
    expect(row.locator("time")).to_have_css("visibility", "hidden", pseudo="after")

    row.tap()

    expect(row.locator("div:has(> time)")).to_have_css("opacity", "1")
    expect(row.locator("time")).to_have_css("visibility", "visible", pseudo="after")
    assert room.overflow() <= 0
    place = "(time) => parseFloat(getComputedStyle(time, '::after').left)"
    for time in (room.message_with("line 0").locator("time"), row.locator("time")):
        assert time.evaluate(place) >= 0
        assert time.evaluate("(time) => parseFloat(getComputedStyle(time, '::after').right)") >= 0


def test_the_composer_has_its_ring_for_its_text_alone_and_in_forced_colors(
    room: RoomPage, page: Page, item: str
) -> None:
    room.enter(item)
    box = room.message.locator("xpath=ancestor::form/div")
    expect(box).not_to_have_css("box-shadow", "none")
    page.get_by_role("button", name="Emoji").click()
    expect(page.get_by_role("searchbox", name=re.compile("emoji", re.IGNORECASE))).to_be_focused()
    expect(box).to_have_css("box-shadow", "none")
    page.keyboard.press("Escape")
    room.message.focus()

    room.message.fill("x" * 70_000)
    expect(room.message).to_have_attribute("aria-invalid", "true")
    border = box.evaluate("(one) => getComputedStyle(one).borderTopColor")
    expect(box).to_have_css("box-shadow", f"{border} 0px 0px 0px 1px")

    page.emulate_media(forced_colors="active")
    expect(box).to_have_css("outline-style", "solid")


def test_a_deleted_message_is_no_higher_for_its_undo(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 1)
    room.enter(item)
    for text in ("one", "two"):
        room.send(text)
        room.wait_until_sent(text)
    height = "(one) => one.getBoundingClientRect().height"
    before: float = room.message_with("two").evaluate(height)
    room.change("two", "Delete")
    expect(room.messages.last).to_contain_text("Message deleted")

    expect(room.messages.last.get_by_role("button", name="Undo")).to_be_visible()
    assert room.messages.last.evaluate(height) == pytest.approx(before, abs=0.5)
