"""Test a network that fails and returns: every entry is shown once, in order."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from network import Network
from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from pages.words import EN
from room_log import bodies, post
from seed import UNLIMITED
from stack import serve_deployed
from tests.support.servers import Server

ITEM = "order-7"
Come = Callable[[str], RoomPage]


@pytest.fixture(autouse=True)
def network_errors_expected(page_problems: PageProblems) -> None:
    """Expect the problems that a page reports while its network is away."""
    page_problems.expect(NETWORK_CUT)
    page_problems.expect("ERR_INCOMPLETE_CHUNKED")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that the test may stop."""
    with serve_deployed(tmp_path, env=UNLIMITED) as running:
        yield running


@pytest.fixture
def network(own_server: Server) -> Iterator[Network]:
    """Run the proxy between Ada and that server."""
    with Network(own_server) as between:
        yield between


@pytest.fixture
def room(page: Page, network: Network) -> RoomPage:
    """Ada, behind the network."""
    return RoomPage(page, EN, name="Ada", at=network.url)


@pytest.fixture
def bob(visitor: Come, own_server: Server) -> RoomPage:
    """Bob, beside the server: no network between."""
    open_as = visitor("Bob")
    open_as.at = own_server.url
    return open_as


def numbers(room: RoomPage) -> list[int]:
    """Return the numbers of the lines from top to bottom; fail if a view skips, repeats or reorders lines."""
    read: set[int] = set()
    for view in room.texts_upwards():
        seen = [int(found[1]) for text in view if (found := re.search(r"line (\d+)", text))]
        assert seen == list(range(seen[0], seen[0] + len(seen))), seen
        read |= set(seen)
    return sorted(read)


def reconnect(room: RoomPage) -> None:
    """Wait until the room is live again, without waiting for the backoff."""
    room.page.evaluate("dispatchEvent(new Event('online'))")
    room.wait_until_live()


def test_r1_a_disconnected_reader_gets_200_missed_messages_once_each(
    room: RoomPage, network: Network, own_server: Server
) -> None:
    room.enter(ITEM)
    post(own_server.url, ITEM, "line 0")
    expect(room.message_with("line 0")).to_be_visible()

    network.cut()
    expect(room.status).to_contain_text("Reconnecting")
    post(own_server.url, ITEM, *[f"line {n}" for n in range(1, 201)])
    network.restore()
    reconnect(room)

    expect(room.message_with("line 200")).to_be_in_viewport()
    assert numbers(room) == list(range(201))


def test_r1_a_reader_without_network_for_30_s_gets_200_missed_messages_once_each(
    room: RoomPage, network: Network, own_server: Server
) -> None:
    room.page.clock.install()
    room.enter(ITEM)
    post(own_server.url, ITEM, "line 0")
    expect(room.message_with("line 0")).to_be_visible()

    network.stall()
    post(own_server.url, ITEM, *[f"line {n}" for n in range(1, 201)])
    for _ in range(6):  # in leaps: the frames between would take longer than all else
        room.page.clock.fast_forward(5_000)
    expect(room.status).to_contain_text("onnecting")
    room.send("line 201")
    network.restore()
    reconnect(room)

    expect(room.message_with("line 201")).to_be_in_viewport()
    expect(room.sending_label).to_have_count(0)
    assert numbers(room) == list(range(202))


def test_s5_a_network_that_breaks_in_the_middle_of_sending_repeats_nothing(
    room: RoomPage, network: Network, own_server: Server
) -> None:
    room.enter(ITEM)
    for n in range(30):
        room.send(f"line {n}")
        if n % 10 == 5:
            network.cut()
        if n % 10 == 8:
            network.restore()
    reconnect(room)

    expect(room.message_with("line 29")).to_be_visible()
    expect(room.sending_label).to_have_count(0)
    assert bodies(own_server, ITEM) == [f"line {n}" for n in range(30)]
    assert numbers(room) == list(range(30))


def test_x3_everyone_sees_the_same_messages_after_a_server_is_killed_while_sending(
    room: RoomPage, bob: RoomPage, own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    for n in range(20):
        room.send(f"line {n}")
    own_server.end(signal.SIGKILL)
    for n in range(20, 30):
        room.send(f"line {n}")

    with serve_deployed(tmp_path, port=own_server.port):
        reconnect(room)
        bob.enter(ITEM)

        for reader in (room, bob):
            expect(reader.message_with("line 29")).to_be_visible()
            expect(reader.sending_label).to_have_count(0)
            assert numbers(reader) == list(range(30))
        assert bodies(own_server, ITEM) == [f"line {n}" for n in range(30)]


def test_five_messages_of_a_page_that_was_reloaded_offline_reach_a_second_browser(
    room: RoomPage, bob: RoomPage, own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    room.wait_until_offline_ready()
    own_server.end(signal.SIGKILL)
    expect(room.status).to_contain_text("Reconnecting")
    for n in range(5):
        room.send(f"line {n}")
    expect(room.status).to_contain_text("5 messages waiting")
    room.page.reload()
    expect(room.messages).to_have_count(5)

    with serve_deployed(tmp_path, port=own_server.port):
        bob.enter(ITEM)
        reconnect(room)

        for reader in (room, bob):
            expect(reader.messages).to_have_count(5)
            expect(reader.sending_label).to_have_count(0)
            assert numbers(reader) == list(range(5))
        assert bodies(own_server, ITEM) == [f"line {n}" for n in range(5)]
