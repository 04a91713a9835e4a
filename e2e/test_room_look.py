"""Test the use of a room: where it opens, what stays in view, what can be undone."""

import random
import re
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from layout import small_targets
from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from pages.words import EN, ES, Words
from seed import fill, member
from tests.support.clients import TIMEOUT_S
from tests.support.servers import Server
from tests.support.storm import depth, storm

#: How far the log is from its bottom, in pixels, once two frames have been drawn.
TO_BOTTOM = """(log) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
    done(log.scrollHeight - log.clientHeight - log.scrollTop))))"""

#: How many messages are partly covered at the top of the log, once none is, or many frames have been drawn.
CUT = """async (log) => {
    const cut = () => {
        const { top } = log.getBoundingClientRect();
        const cover = parseFloat(getComputedStyle(log.parentElement, "::after").height) || 0;
        const [shown, edge] = [top + cover, top + Math.max(cover, 28)];
        return [...log.querySelectorAll("article")].map((one) => one.getBoundingClientRect())
            .filter((box) => box.top < edge - 2 && box.bottom > shown + 2).length;
    };
    for (let frame = 0; frame < 120 && (frame < 2 || cut() > 0); frame += 1) await new Promise(requestAnimationFrame);
    return cut();
}"""

#: The texts of elements with the background color of warnings.
AMBER = """() => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.background = "var(--alcove-warning-bg)";
    const amber = getComputedStyle(probe).backgroundColor;
    probe.remove();
    return [...document.querySelectorAll("body *")]
        .filter((element) => element.checkVisibility() && getComputedStyle(element).backgroundColor === amber)
        .map((element) => element.innerText);
}"""


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


@storm
def test_the_bottom_is_kept_through_every_change_of_size(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 60)
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    rng = random.Random(9)  # noqa: S311 - the same sizes in every run

    for _ in range(depth(15, 200)):
        if rng.random() < 0.5:
            room.message.fill("\n".join("a" * rng.randint(1, 12)))
        else:
            room.page.set_viewport_size({"width": rng.randint(320, 1400), "height": rng.randint(500, 1000)})
        distance: float = room.log.evaluate(TO_BOTTOM)
        assert distance <= 1


def test_a_log_at_rest_shows_no_part_of_a_line_at_its_top(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 60)
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    for height in (700, 693, 686, 679):
        room.page.set_viewport_size({"width": 1000, "height": height})
        assert room.log.evaluate(CUT) == 0


def test_a_room_opens_at_the_first_unread_message(room: RoomPage, page: Page, server: Server, item: str) -> None:
    fill(server, item, 30)
    room.enter(item)
    expect(room.message_with("line 29")).to_be_in_viewport()
    with member(server, item, "Bob") as bob:
        bob.send('{"type":"send","id":"1","body":"seen"}')
        while re.search(r'"type":"read","by":"[^"]+","seq":31', str(bob.recv(timeout=TIMEOUT_S))) is None:
            pass  # the read mark moves a moment after the message is in view
    room.send("mine")  # sent behind the read mark, so that the mark is stored, too
    room.wait_until_sent("mine")
    page.goto("about:blank")
    with member(server, item, "Bob") as bob:
        for n in range(40):
            bob.send(f'{{"type":"send","id":"new-{n}","body":"news {n}"}}')
        acks = 0
        while acks < 40:
            acks += str(bob.recv(timeout=TIMEOUT_S)).count('"type":"ack"')

    room.enter(item)

    expect(room.log.get_by_text("New messages")).to_be_in_viewport()
    expect(room.message_with("news 0")).to_be_in_viewport()
    expect(room.to_foot).to_have_text("40 new · Jump to latest")
    room.to_foot.click()
    expect(room.message_with("news 39")).to_be_in_viewport()
    expect(room.to_foot).to_have_count(0)


def test_a_second_click_on_delete_deletes_no_other_message(room: RoomPage, item: str) -> None:
    """The message shrinks to a line, so that the one above comes under the pointer."""
    room.enter(item)
    room.send("above")
    room.wait_until_sent("above")
    room.send("one\ntwo\nthree")
    expect(room.messages.last).to_contain_text("three")
    expect(room.sending_label).to_have_count(0)
    room.messages.last.hover()
    delete = room.messages.last.get_by_role("button", name="Delete", exact=True)
    box = delete.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    delete.click()
    expect(room.messages.last).to_contain_text("Message deleted")

    room.page.mouse.click(*middle)

    expect(room.message_with("above")).to_be_visible()
    expect(room.page.get_by_role("button", name="Undo")).to_have_count(1)
    room.page.mouse.move(middle[0] - 5, middle[1])  # the pointer has moved: its message has its buttons again
    expect(room.message_with("above").get_by_role("toolbar")).to_have_css("opacity", "1")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(EN, id="en"),
        pytest.param(ES, marks=pytest.mark.browser_context_args(locale="es-CO"), id="es"),
    ],
)
@pytest.mark.parametrize("width", [320, 390])
def test_a_phones_header_is_as_wide_as_the_phone_without_a_network(
    page: Page, item: str, words: Words, width: int, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    page.set_viewport_size({"width": width, "height": 700})
    room = RoomPage(page, words, name="Ada")
    room.visit(item)
    expect(room.message).to_be_focused()
    page.context.set_offline(True)
    expect(page.get_by_role("button", name={EN: "Retry now", ES: "Reintentar ahora"}[words])).to_be_visible()

    for button in page.get_by_role("button").all():
        if button.is_visible():
            expect(button).to_be_in_viewport(ratio=1)
    assert room.overflow() <= 0


def test_a_delete_can_be_taken_back_after_a_reload_too(room: RoomPage, item: str) -> None:
    room.page.clock.set_fixed_time(time.time() * 1000)  # the 5 s for it do not end
    room.enter(item)
    room.send("keep me")
    room.wait_until_sent("keep me")
    room.change("keep me", "Delete")
    expect(room.messages).to_contain_text("Message deleted")

    room.page.reload()
    room.messages.get_by_role("button", name="Undo").click()

    expect(room.message_with("keep me")).to_be_visible()
    room.page.reload()
    room.wait_until_live()
    expect(room.message_with("keep me")).to_be_visible()


def test_s8_a_refused_edit_keeps_message_and_text_and_offers_nothing_that_cannot_help(
    room: RoomPage, server: Server, item: str, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    room.enter(item)
    room.send("gone soon")
    room.wait_until_sent("gone soon")
    room.page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")
    room.message.press("ArrowUp")
    room.edit("the edited text")
    with member(server, item, "Ada") as other_device:
        other_device.send('{"type":"delete","id":"d","target":1}')
        while '"type":"ack"' not in str(other_device.recv(timeout=TIMEOUT_S)):
            pass
    room.page.context.set_offline(False)

    expect(room.messages).to_contain_text("The message no longer exists.")
    expect(room.messages).to_contain_text("the edited text")
    expect(room.messages.get_by_role("button", name="Try again")).to_have_count(0)
    expect(room.messages.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    room.messages.get_by_role("button", name="Discard").click()
    expect(room.messages.get_by_text("Edit not saved.")).to_have_count(0)


def test_messages_are_one_stop_of_tab_and_arrows_move_between_them(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 5)
    room.enter(item)
    expect(room.message_with("line 4")).to_be_visible()
    room.log.focus()
    room.page.keyboard.press("ArrowUp")
    expect(room.message_with("line 4")).to_be_focused()
    room.page.keyboard.press("ArrowUp")
    expect(room.message_with("line 3")).to_be_focused()
    expect(room.message_with("line 3").get_by_role("button", name="Copy text")).to_be_visible()
    room.page.keyboard.press("ArrowRight")
    expect(room.message_with("line 3").get_by_role("button", name="Copy text")).to_be_focused()


def test_times_follow_the_readers_region_and_rows_are_24_px_apart(room: RoomPage, server: Server, item: str) -> None:
    fill(server, item, 5)
    room.enter(item)
    expect(room.messages).to_have_count(5)

    heights = room.messages.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().height)")
    line = room.messages.first.evaluate("(one) => parseFloat(getComputedStyle(one).lineHeight)")  # 22 px by default
    assert heights[1:] == [pytest.approx(line + 2, abs=0.1)] * 4
    name = room.messages.first.get_attribute("aria-label") or ""
    assert name.startswith("Shop, ")
    assert len(name.removeprefix("Shop, ")) == len("20:34")


def test_only_a_room_that_is_not_live_shows_a_warning(room: RoomPage, item: str, page_problems: PageProblems) -> None:
    page_problems.expect(NETWORK_CUT)
    room.enter(item)
    room.open_account()
    assert room.page.evaluate(AMBER) == []
    room.page.keyboard.press("Escape")

    room.page.context.set_offline(True)

    expect(room.status).to_contain_text("offline")
    assert len(room.page.evaluate(AMBER)) == 1


def test_who_has_seen_a_message_is_said_below_it_alone(
    room: RoomPage, visitor: Callable[[str], RoomPage], server: Server, item: str
) -> None:
    fill(server, item, 60)
    bob = visitor("Bob")
    bob.enter(item)
    room.enter(item)
    room.send("mine")
    seen = room.page.get_by_text("Seen by Bob")
    expect(seen).to_be_in_viewport(ratio=1)  # the list has scrolled to it
    order = [
        one.evaluate("(one) => one.getBoundingClientRect().top")
        for one in (room.message_with("mine"), seen, room.message)
    ]
    assert order == sorted(order)

    room.log.focus()
    room.page.keyboard.press("PageUp")

    expect(room.to_foot).to_be_visible()
    expect(seen).to_have_count(0)


def test_the_account_has_the_picture_of_the_members_messages(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.send("hello")
    color = room.message_with("hello").locator("[data-color]").get_attribute("data-color")

    expect(room.account_button.locator("[data-initials=A]")).to_have_attribute("data-color", color or "none")


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_a_long_press_opens_a_sheet_that_stays_when_the_finger_is_lifted(room: RoomPage, page: Page, item: str) -> None:
    room.enter(item)
    room.send("mine")
    room.wait_until_sent("mine")
    room.message_with("mine").click(trial=True)  # while a list scrolls, its lines cannot be pressed
    box = room.message_with("mine").bounding_box()
    assert box is not None
    finger = page.context.new_cdp_session(page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place]})
    sheet = page.get_by_role("dialog", name=re.compile("^Ada, "))
    expect(sheet).to_be_visible()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    assert small_targets(page, 44) == []
    sheet.get_by_role("button", name="Edit").tap()
    expect(room.edit_field).to_have_value("mine")
