"""Test keys in the composer with input methods and edits, and where the focus is."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from room_log import post


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def send_all(room: RoomPage, *texts: str) -> None:
    """Send messages, and wait until they are in the log."""
    for text in texts:
        room.send(text)
        room.wait_until_sent(text)


def test_enter_pressed_twice_in_an_edit_does_not_send_the_draft(room: RoomPage, item: str) -> None:
    room.enter(item)
    send_all(room, "frist")
    room.message.fill("half a thou")
    room.change("frist", "Edit")
    room.edit_field.fill("first")

    room.page.keyboard.press("Enter")
    room.page.keyboard.press("Enter")
    room.page.keyboard.press("Enter")

    expect(room.message_with("first")).to_contain_text("(edited)")
    expect(room.message).to_have_value("half a thou")
    expect(room.messages).to_have_count(1)
    room.message.press("End")
    room.page.keyboard.type("ght")
    room.page.keyboard.press("Enter")
    expect(room.message_with("half a thought")).to_be_visible()


@pytest.mark.parametrize("key", [{"keyCode": 229}, {"keyCode": 13, "isComposing": True}], ids=["Safari", "others"])
def test_enter_of_an_input_method_does_not_send(room: RoomPage, item: str, key: dict[str, object]) -> None:
    room.enter(item)
    room.message.fill("にほん")

    taken = room.message.evaluate(
        """(field, key) => !field.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...key }))""",
        key,
    )

    assert not taken, "the key belongs to the input method"
    expect(room.message).to_have_value("にほん")
    room.message.press("Enter")
    expect(room.messages).to_have_count(1)


def test_a_key_that_is_held_down_sends_once(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.message.fill("once")

    room.message.evaluate(
        """(field) => field.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", repeat: true, bubbles: true, cancelable: true }))"""
    )

    expect(room.message).to_have_value("once")


def test_the_up_arrow_edits_the_text_of_a_pending_edit(room: RoomPage, item: str, page_problems: PageProblems) -> None:
    page_problems.expect(NETWORK_CUT)
    room.enter(item)
    send_all(room, "first", "second")
    room.page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")

    room.message.press("ArrowUp")
    room.edit("second, edited")
    expect(room.message_with("second, edited")).to_be_visible()
    room.message.press("ArrowUp")
    expect(room.edit_field).to_have_value("second, edited")
    room.edit_field.press("Escape")
    room.page.context.set_offline(False)
    room.wait_until_live()
    expect(room.sending_label).to_have_count(0)
    room.change("second, edited", "Delete")
    expect(room.message_with("second, edited")).to_have_count(0)
    room.message.press("ArrowUp")

    expect(room.edit_field).to_have_value("first")


def test_the_focus_returns_to_the_message_or_the_log(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(40)])
    room.enter(item)
    send_all(room, "mine")
    room.change("mine", "Edit")
    room.log.get_by_role("button", name="Cancel").click()
    expect(room.message_with("mine")).to_be_focused()

    room.log.focus()
    room.page.keyboard.press("PageUp")
    room.page.keyboard.press("PageUp")
    room.to_foot.click()

    expect(room.to_foot).to_have_count(0)
    expect(room.log).to_be_focused()
    expect(room.message_with("mine")).to_be_in_viewport()


def test_the_end_key_leads_to_the_newest_message(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(60)])
    room.enter(item)
    leave: list[Callable[[], None]] = [room.heading.click, room.message.focus]
    for take_focus in leave:
        expect(room.message_with("line 59")).to_be_in_viewport()
        room.log.focus()
        room.page.keyboard.press("PageUp")
        room.page.keyboard.press("PageUp")
        expect(room.to_foot).to_be_visible()
        take_focus()

        room.page.keyboard.press("End")

        expect(room.message_with("line 59")).to_be_in_viewport()
        expect(room.to_foot).to_have_count(0)
