"""Test talking in a room: every browser shows what the log has."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from looks import faults, widths
from pages.room import RoomPage
from room_log import post

Come = Callable[[str], RoomPage]


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def test_the_connect_card_leads_into_the_room(room: RoomPage, item: str) -> None:
    room.open()
    room.open_advanced()
    expect(room.item_id).to_have_value("foo")
    expect(room.token).to_have_value(re.compile("^demo-[0-9a-f]{32}$"))

    room.item_id.fill(item)
    room.name_field.fill("Ada")
    room.connect_button.click()

    room.wait_until_live()
    expect(room.heading).to_have_text(item)
    expect(room.page).to_have_url(re.compile(f"/items/{item}$"))
    room.open_details()
    expect(room.members).to_contain_text(["Ada"])


def test_a_token_in_the_link_is_taken_and_leaves_the_address(room: RoomPage, item: str) -> None:
    room.enter(item)
    assert room.page.url.endswith(f"/items/{item}")

    room.page.reload()

    room.wait_until_live()


def test_a_link_does_not_replace_the_login_of_another_member_unless_told_to(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.open_details()
    expect(room.members).to_contain_text(["Ada"])

    room.page.evaluate("location.hash = '#token=another&name=Grace'")

    expect(room.link_refused).to_contain_text("This link signs in another member.")
    expect(room.members).to_contain_text(["Ada"])
    room.page.get_by_role("button", name="Sign out and use the link").click()
    expect(room.members).to_contain_text(["Grace"])
    expect(room.link_refused).to_have_count(0)
    assert room.page.url.endswith(f"/items/{item}")


def test_s3_a_message_of_one_member_is_shown_to_the_other(room: RoomPage, visitor: Come, item: str) -> None:
    bob = visitor("Bob")
    room.enter(item)
    bob.enter(item)

    room.send("hello Bob")
    expect(bob.message_with("hello Bob")).to_be_visible()
    bob.send("hello Ada")

    expect(room.message_with("hello Ada")).to_be_visible()
    expect(room.page.get_by_text("Seen by Bob")).to_have_count(0)
    room.send("do you see this?")
    expect(room.page.get_by_text("Seen by Bob")).to_be_visible()


def test_s8_an_edit_and_a_delete_are_seen_by_others(room: RoomPage, visitor: Come, item: str) -> None:
    bob = visitor("Bob")
    room.enter(item)
    bob.enter(item)
    room.send("frist")
    room.wait_until_sent("frist")
    expect(bob.message_with("frist")).to_be_visible()

    room.message.press("ArrowUp")
    expect(room.edit_field).to_have_value("frist")
    room.edit("first")
    expect(bob.message_with("first")).to_contain_text("(edited)")
    room.change("first", "Delete")

    expect(bob.messages).to_have_count(1)
    expect(bob.messages).to_contain_text("Message deleted")


def test_bodies_are_shown_as_text_and_never_as_html(room: RoomPage, base_url: str, item: str) -> None:
    room.enter(item)
    post(base_url, item, "<b>bold</b> **strong** `code` https://example.org/x.", {"order": {"lines": [1, 2]}})

    expect(room.messages.first).to_contain_text("<b>bold</b> strong code https://example.org/x.")
    expect(room.messages.first.get_by_role("link")).to_have_attribute("href", "https://example.org/x")
    card = room.messages.last
    expect(card.get_by_text("lines:", exact=True)).to_have_count(0)
    expect(card.locator("summary")).to_have_text("{order: {lines: [1, 2]}}")
    card.locator("summary").click()
    card.get_by_text("order:", exact=True).click()
    expect(card.get_by_text("lines:", exact=True)).to_be_visible()


def test_a_body_that_is_json_stays_so_when_it_is_edited(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, {"state": "open"}, name="Ada")
    room.enter(item)
    expect(room.messages).to_have_count(1)

    room.message.press("ArrowUp")
    room.edit('{"state": "shut"}')

    expect(room.messages).to_contain_text('{state: "shut"}')


def test_drafts_are_kept_for_each_item(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.message.fill("half a thought")
    room.enter(f"{item}-b")
    expect(room.message).to_have_value("")
    room.message.fill("another")

    room.page.go_back()
    expect(room.heading).to_have_text(item)
    expect(room.message).to_have_value("half a thought")
    room.page.go_forward()
    room.page.reload()

    room.wait_until_live()
    expect(room.message).to_have_value("another")


def test_the_title_counts_messages_that_arrived_while_the_tab_was_hidden(
    room: RoomPage, base_url: str, item: str
) -> None:
    room.enter(item)
    expect(room.page).to_have_title(f"{item} · Alcove")

    room.hide_tab()
    post(base_url, item, "one", "two")

    expect(room.page).to_have_title(f"(2) {item} · Alcove")


def test_a_notification_that_the_browser_forbids_is_not_promised(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.open_details()
    notification = room.page.get_by_label("Desktop notification")

    notification.click()

    expect(room.page.get_by_role("alert")).to_have_text("Your browser does not allow it.")
    expect(notification).not_to_be_checked()


@pytest.mark.parametrize("odd", ["a%20b", "a%2Fb", "%F0%9F%98%80", "%ZZ", "x" * 129])
def test_h3_an_invalid_item_id_shows_an_error(room: RoomPage, odd: str) -> None:
    room.page.goto(f"/items/{odd}#token=some-key-token&name=Ada")

    expect(room.heading).to_have_text(room.words.missing)
    expect(room.main).to_contain_text("1 to 128 letters, marks, digits and . _ : @ -")


def test_l1_a_message_that_is_too_large_is_not_sent(room: RoomPage, item: str) -> None:
    room.enter(item)

    room.send("x" * 70_000)

    expect(room.send_button).to_have_attribute("aria-disabled", "true")
    expect(room.messages).to_have_count(0)
    expect(room.page.get_by_text("bytes too long")).to_be_visible()


def test_new_messages_do_not_move_a_scrolled_up_log(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(60)])
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    room.log.focus()
    room.page.keyboard.press("PageUp")
    room.page.keyboard.press("PageUp")
    expect(room.to_foot).to_be_visible()
    place = room.scroll_position()

    post(base_url, item, "new 1", "new 2", "new 3")

    expect(room.to_foot).to_have_text("3 new · Jump to latest")
    assert room.scroll_position() == place
    room.to_foot.click()
    expect(room.message_with("new 3")).to_be_in_viewport()


def test_the_last_line_stays_in_sight_while_the_composer_grows(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(30)])
    room.enter(item)
    expect(room.message_with("line 29")).to_be_in_viewport(ratio=0.99)

    room.message.fill("\n".join("abcde"))

    expect(room.message_with("line 29")).to_be_in_viewport(ratio=0.99)


def test_w1_scrolling_up_loads_history_to_the_first_entry(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(250)])
    room.enter(item)
    expect(room.message_with("line 249")).to_be_in_viewport()

    room.log.focus()
    while not room.message_with("line 0").is_visible():  # the pages between take as long as the machine needs
        room.page.keyboard.press("Home")


def test_w4_the_rooms_are_listed_in_the_sidebar(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, "waiting for you")
    room.enter(f"{item}-b")

    link = room.rooms.get_by_role("link", name=re.compile(f"^{item} "))
    expect(link).to_contain_text("Shop: waiting for you")
    expect(link).to_contain_text("1 unread message")
    link.click()

    room.wait_until_live()
    expect(room.message_with("waiting for you")).to_be_visible()


def test_shortcuts_are_listed(room: RoomPage, item: str) -> None:
    room.enter(item)

    room.page.keyboard.press("Control+/")
    expect(room.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    room.page.keyboard.press("Escape")

    expect(room.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 1440])
def test_a_room_in_use_has_no_accessibility_violations(room: RoomPage, base_url: str, item: str, width: int) -> None:
    room.page.set_viewport_size({"width": width, "height": 720})
    room.open()
    room.open_advanced()
    assert faults(room.page, (width,)) == []
    post(base_url, item, "hello", {"a": [1]}, "see https://example.org", *[f"line {n}" for n in range(30)])
    room.enter(item)
    room.toggle_developer_panel()
    room.send("mine")
    expect(room.message_with("mine")).to_be_visible()
    expect(room.frames).to_contain_text('"type":"send"')
    room.open_details()

    assert faults(room.page, (width,)) == []
    assert room.overflow() <= 0


def test_a_room_does_not_overflow_the_window(room: RoomPage, item: str) -> None:
    room.enter(item)
    for width in widths(room.page):
        long = f"{width} " + "x" * 300
        room.send(long)

        expect(room.message_with(long)).to_be_in_viewport()
        expect(room.send_button).to_be_in_viewport()
        assert room.overflow() <= 0, width
        assert room.log.evaluate("log => log.scrollWidth - log.clientWidth") <= 0, width
