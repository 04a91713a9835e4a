"""Test the limits of a room: rate of sends, kept messages, rendered messages of a long history."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Page, expect

from network import Network
from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from pages.words import EN
from room_log import bodies, post
from seed import UNLIMITED, fill
from stack import serve_deployed
from tests.support.servers import Server
from tests.support.storm import depth, storm

ITEM = "order-7"
#: Entries of a long history; the log renders fewer than 200 of them.
ENTRIES = depth(1_500, 10_000)


class Start(Protocol):
    """Starts a server with settings, by their names without the prefix."""

    def __call__(self, **settings: object) -> AbstractContextManager[Server]: ...


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return a function that starts a server with settings."""
    return lambda **settings: serve_deployed(
        tmp_path, env={f"ALCOVE_{name}": str(value) for name, value in settings.items()}
    )


def test_l2_sends_that_are_too_fast_arrive_when_the_server_allows(page: Page, start: Start) -> None:
    with start(SENDS_PER_S=0.1, SENDS_BURST=1) as server:
        room = RoomPage(page, EN, name="Ada", at=server.url)
        room.enter(ITEM)
        room.toggle_developer_panel()

        room.send("line 0")
        room.send("line 1")  # the server allows it 10 s after the first one

        expect(room.frames).to_contain_text('"code":"rate_limited"')
        expect(room.messages).to_have_count(2)
        expect(room.sending_label).to_have_count(0)
        expect(room.page.get_by_text("Not sent.")).to_have_count(0)
        assert bodies(server, ITEM) == [f"line {n}" for n in range(2)]


def test_r4_what_was_pruned_while_one_was_away_is_shown_as_a_gap(
    page: Page, start: Start, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    with start(RETAIN_ENTRIES=20) as server, Network(server) as network:
        room = RoomPage(page, EN, name="Ada", at=network.url)
        room.enter(ITEM)
        room.send("line 0")
        room.wait_until_sent("line 0")
        network.cut()
        expect(room.status).to_contain_text("Reconnecting")
        post(server.url, ITEM, *[f"line {n}" for n in range(1, 61)])
        network.restore()
        room.page.evaluate("dispatchEvent(new Event('online'))")
        room.wait_until_live()

        expect(room.message_with("line 60")).to_be_in_viewport()
        room.scroll_to_first("Older messages are no longer available")


@pytest.fixture
def long_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server with a room that has a long history."""
    with serve_deployed(tmp_path, env=UNLIMITED) as server:
        fill(server, ITEM, ENTRIES)
        yield server


@storm
def test_w1_a_long_history_is_scrolled_to_the_first(page: Page, long_server: Server) -> None:
    room = RoomPage(page, EN, name="Ada", at=long_server.url)
    room.enter(ITEM)
    expect(room.message_with(f"line {ENTRIES - 1}")).to_be_in_viewport()

    room.scroll_to_first("line 0")

    expect(room.message_with("line 0")).to_be_in_viewport()
    assert room.messages.count() < 200
    room.to_foot.click()
    expect(room.message_with(f"line {ENTRIES - 1}")).to_be_in_viewport()


def test_a_room_works_with_the_keyboard_alone(room: RoomPage) -> None:
    keys = room.page.keyboard
    room.open()
    room.tab_to(room.page.locator("summary"))
    keys.press("Enter")
    room.tab_to(room.item_id)
    keys.press("Control+A")
    keys.type("keys-only")
    room.tab_to(room.name_field)
    keys.press("Control+A")
    keys.type("Ada")
    keys.press("Enter")
    room.wait_until_live()

    expect(room.message).to_be_focused()
    keys.type("one")
    keys.press("Shift+Enter")
    keys.type("two")
    keys.press("Enter")
    expect(room.messages).to_have_count(1)
    expect(room.messages).not_to_contain_text("Sending…")
    keys.press("ArrowUp")
    expect(room.edit_field).to_be_focused()
    keys.type(" three")
    keys.press("Enter")

    expect(room.messages).to_contain_text("two three")
    expect(room.messages).to_contain_text("(edited)")


def test_a_phone_hides_the_side_panels(room: RoomPage) -> None:
    room.page.set_viewport_size({"width": 390, "height": 844})
    room.enter("phone")
    expect(room.members).to_have_count(0)

    room.open_details()
    expect(room.members).to_contain_text(["Ada"])
    room.page.keyboard.press("Escape")
    room.rooms_button.click()

    expect(room.rooms).to_be_visible()
    assert room.overflow() <= 0
    room.page.keyboard.press("Escape")
    expect(room.rooms).not_to_be_visible()
    expect(room.rooms_button).to_be_focused()
