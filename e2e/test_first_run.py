"""Test that a new user is in a room after one click, and returns to it as the same member."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from pages.room import RoomPage
from pages.words import EN
from room_log import post

Come = Callable[[str], RoomPage]


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def open_demo(room: RoomPage, name: str) -> None:
    room.open()
    room.page.get_by_label("Your name").fill(name)
    room.demo_button.click()
    room.wait_until_live()


def test_two_browsers_in_the_demo_room_are_two_members(room: RoomPage, visitor: Come) -> None:
    bob = visitor("Bob")
    open_demo(room, "Same Name")
    open_demo(bob, "Same Name")
    said = f"hello {uuid4().hex[:8]}"

    expect(room.message).to_be_focused()
    room.page.keyboard.type(f"{said}, what?")
    room.page.keyboard.press("Enter")
    expect(bob.messages.filter(has_text=said)).to_be_visible()
    bob.messages.filter(has_text=said).hover()

    expect(bob.messages.filter(has_text=said)).to_contain_text("what?")
    expect(bob.messages.filter(has_text=said).get_by_role("button", name="Copy text")).to_be_visible()
    expect(bob.messages.filter(has_text=said).get_by_role("button", name="Delete")).to_have_count(0)
    expect(room.page.get_by_role("dialog")).to_have_count(0)


def test_two_browsers_that_connect_with_what_the_form_offers_are_two_members(
    room: RoomPage, visitor: Come, item: str
) -> None:
    bob = visitor("Bob")
    for tab, said in ((room, "from one"), (bob, "from another")):
        tab.page.goto("/")
        tab.open_advanced()
        tab.item_id.fill(item)
        tab.name_field.fill("Same Name")
        tab.connect_button.click()
        tab.wait_until_live()
        tab.send(said)
        tab.wait_until_sent(said)

    room.message_with("from another").hover()
    expect(room.message_with("from another").get_by_role("button", name="Copy text")).to_be_visible()
    expect(room.message_with("from another").get_by_role("button", name="Delete")).to_have_count(0)


def test_the_first_page_opens_no_room_before_it_is_asked_to(room: RoomPage) -> None:
    """A reader of that page would be seen in the room, and what is written there would count as read."""
    connections: list[str] = []
    room.page.on("websocket", lambda socket: connections.append(socket.url))
    room.open()
    preview = room.page.get_by_role("region", name="Live preview")
    expect(preview.get_by_role("button", name="Show demo")).to_be_visible()

    assert room.page.frames == [room.page.main_frame]
    assert connections == []


def test_a_known_member_comes_back_into_the_latest_room(
    room: RoomPage, item: str, another_tab: Callable[[], Page]
) -> None:
    open_demo(room, "Ada")
    room.page.goto(f"/items/{item}")
    room.wait_until_live()

    tab = RoomPage(another_tab(), EN, name="Ada")
    tab.page.goto("/")

    expect(tab.heading).to_have_text(item)
    tab.wait_until_live()
    expect(tab.account_button).to_contain_text("Ada")


def test_a_member_is_renamed_shares_the_room_and_signs_out(
    room: RoomPage, item: str, visitor: Come, base_url: str
) -> None:
    post(base_url, item, "hello")
    room.enter(item)
    room.open_details()
    expect(room.page.get_by_label("Link to this room").last).to_have_value(f"{base_url}/items/{item}")
    room.open_account()
    room.page.get_by_label("Display name").fill("Countess")
    room.page.get_by_role("button", name="Rename").click()
    expect(room.members).to_contain_text(["Countess"])
    room.wait_until_live()
    room.send("under another name")
    expect(room.messages.last).to_contain_text("Countess")

    bob = visitor("Bob")
    bob.page.goto(f"{base_url}/items/{item}")
    bob.page.get_by_role("button", name="Enter the room").click()
    expect(bob.message_with("under another name")).to_be_visible()
    room.open_account()
    room.sign_out_button.click()

    expect(room.page.get_by_role("button", name="Enter the room")).to_be_visible()
    expect(room.account_button).to_contain_text("Not signed in")


def test_the_first_page_shows_how_to_embed_a_room(room: RoomPage, base_url: str) -> None:
    room.open()
    code = room.page.get_by_role("region", name="Embed a room")
    expect(code).to_contain_text(f'<script src="{base_url}/embed.js" async>')
    for kind, text in (("React", f'createClient({{ url: "{base_url}"'), ("curl", f"curl {base_url}/api/items/")):
        room.page.get_by_role("radio", name=kind).click()
        expect(code).to_contain_text(text)
    expect(room.page).to_have_title(re.compile("^Welcome"))


def test_the_first_page_shows_the_room_that_its_code_embeds(room: RoomPage) -> None:
    room.open()
    preview = room.page.get_by_role("region", name="Live preview")
    frame = preview.frame_locator("iframe")
    preview.get_by_role("button", name="Show demo").click()
    expect(frame.get_by_role("status")).to_have_text("Live")
    expect(room.page.get_by_role("region", name="Embed a room").first).to_contain_text('item="demo"')
    said = f"hello {uuid4().hex[:8]}"
    frame.get_by_role("textbox").fill(said)
    frame.get_by_role("textbox").press("Enter")
    expect(frame.get_by_role("log")).to_contain_text(said)
    expect(frame.get_by_text("Sending…", exact=True)).to_have_count(0)

    room.demo_button.click()

    expect(room.message_with(said)).to_be_visible()
