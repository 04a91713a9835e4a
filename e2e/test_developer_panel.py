"""Test the developer panel: its frames, connections and embed code, by mouse and by keyboard."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from pages.room import RoomPage


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def test_the_developer_panel_shows_every_frame(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.open_details()
    room.page.get_by_role("button", name="Open developer panel").click()
    room.send("on the wire")

    expect(room.frames).to_contain_text('"type":"send"')
    expect(room.frames).to_contain_text('"type":"ack"')
    expect(room.page.get_by_text("Send to ack:")).to_be_visible()
    assert room.frames.evaluate("(list) => list.clientHeight % list.querySelector('button').offsetHeight") == 0
    room.page.get_by_role("radio", name="In", exact=True).check()
    expect(room.frames.get_by_role("button").filter(has_text='"type":"send"')).to_have_count(0)
    room.frames.get_by_role("button").filter(has_text='"type":"ack"').click()
    expect(room.frames.get_by_text('"type": "ack"')).to_be_visible()
    room.page.get_by_role("tab", name="Connections").click()
    expect(room.page.get_by_role("cell", name="Ada")).to_be_visible()
    room.page.get_by_role("tab", name="Embed code").click()
    expect(room.page.get_by_role("tabpanel", name="Embed code")).to_contain_text(f'item="{item}"')


def test_embed_code_and_details_are_named_in_the_header(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.embed_button.click()
    expect(room.page.get_by_role("tabpanel", name="Embed code")).to_contain_text(f'item="{item}"')
    expect(room.embed_button).to_have_attribute("aria-expanded", "true")

    room.page.keyboard.press("ArrowRight")
    expect(room.details_button).to_be_focused()
    room.page.get_by_role("button", name="Close developer panel").click()
    expect(room.embed_button).to_be_focused()

    for button in (room.embed_button, room.details_button):
        expect(button.locator("span")).to_be_in_viewport(ratio=1)
    room.page.set_viewport_size({"width": 320, "height": 700})
    expect(room.details_button.locator("span")).to_be_in_viewport(ratio=1)
    expect(room.embed_button).to_have_count(0)  # the details lead to the code


def test_the_frames_are_one_stop_of_tab_and_arrows_move_between_them(room: RoomPage, item: str) -> None:
    room.enter(item)
    room.toggle_developer_panel()
    for text in ("on the wire", "and again"):
        room.send(text)
        room.wait_until_sent(text)
    rows = room.frames.get_by_role("button")
    expect(rows.filter(has_text='"type":"ack"')).to_have_count(2)
    room.page.get_by_role("radio", name="Out", exact=True).check()
    expect(rows.filter(has_text='"type":"send"')).to_have_count(2)
    room.page.get_by_role("button", name="Pause", exact=True).click()  # another frame would be the last one

    room.frames.focus()
    room.page.keyboard.press("ArrowUp")
    expect(rows.last).to_be_focused()
    room.page.keyboard.press("ArrowUp")
    expect(rows.last).not_to_be_focused()
    room.page.keyboard.press("ArrowDown")
    expect(rows.last).to_be_focused()
    room.page.keyboard.press("Enter")
    expect(rows.last).to_have_attribute("aria-expanded", "true")
    room.page.keyboard.press("Tab")
    assert room.frames.evaluate("(list) => !list.contains(document.activeElement)")
