"""Test that sent messages arrive once and in order although servers die, networks fail and pages close."""

import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from pages.words import EN
from room_log import bodies
from stack import serve_deployed
from tests.support.servers import Server

ITEM = "order-7"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that the test may stop."""
    with serve_deployed(tmp_path) as running:
        yield running


@pytest.fixture
def room(page: Page, own_server: Server) -> RoomPage:
    """Ada, at the server that may be stopped."""
    return RoomPage(page, EN, name="Ada", at=own_server.url)


@pytest.fixture
def network_errors_expected(page_problems: PageProblems) -> None:
    """Expect the problems that a page reports while its server is away."""
    page_problems.expect(NETWORK_CUT)
    page_problems.expect("ERR_INTERNET_|ERR_INCOMPLETE_CHUNKED")


@pytest.mark.usefixtures("network_errors_expected")
def test_two_tabs_of_one_member_share_the_outbox(
    room: RoomPage, context: BrowserContext, own_server: Server, tmp_path: Path
) -> None:
    other = RoomPage(context.new_page(), EN, name="Ada", at=own_server.url)
    room.enter(ITEM)
    other.enter(ITEM)
    own_server.end(signal.SIGKILL)
    room.send("from the first tab")
    expect(other.message_with("from the first tab")).to_be_visible()
    other.send("from the second tab")
    expect(room.message_with("from the second tab")).to_be_visible()
    room.page.close()

    with serve_deployed(tmp_path, port=own_server.port):
        other.wait_until_live()
        expect(other.sending_label).to_have_count(0)

        assert bodies(own_server, ITEM) == ["from the first tab", "from the second tab"]


@pytest.mark.usefixtures("network_errors_expected")
def test_a_browser_without_network_shows_it_and_catches_up(
    room: RoomPage, context: BrowserContext, own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    room.send("before")
    room.wait_until_sent("before")
    context.set_offline(True)
    own_server.end(signal.SIGKILL)
    room.send("in between")
    expect(room.status).to_have_text("You're offline. 1 message waiting")

    with serve_deployed(tmp_path, port=own_server.port):
        context.set_offline(False)
        room.wait_until_live()

        expect(room.message_with("in between")).to_be_visible()
        expect(room.sending_label).to_have_count(0)


@pytest.mark.usefixtures("network_errors_expected")
def test_r5_a_new_log_is_announced_as_a_reset_of_the_history(
    room: RoomPage, own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    room.send("of the old log")
    room.wait_until_sent("of the old log")
    own_server.end(signal.SIGKILL)
    another = tmp_path / "another"
    another.mkdir()

    with serve_deployed(another, port=own_server.port):
        room.wait_until_live()

        expect(room.log).to_contain_text("The history of this room was reset")
        expect(room.messages).to_have_count(0)


@pytest.mark.usefixtures("network_errors_expected")
def test_r5_news_of_another_log_are_counted_and_not_read_by_a_hidden_tab(
    room: RoomPage, visitor: Callable[[str], RoomPage], own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    for text in ("one", "two", "three"):
        room.send(text)
    room.wait_until_sent("three")
    room.hide_tab()
    own_server.end(signal.SIGKILL)
    another = tmp_path / "another"
    another.mkdir()

    with serve_deployed(another, port=own_server.port):
        room.wait_until_live()
        expect(room.log).to_contain_text("The history of this room was reset")
        bob = visitor("Bob")
        bob.at = own_server.url
        bob.enter(ITEM)
        bob.send("news")

        expect(room.page).to_have_title(f"(1) {ITEM} · Alcove")
        expect(room.page.get_by_text("Bob: news", exact=True)).to_have_count(1)
        expect(bob.sending_label).to_have_count(0)
        expect(bob.page.get_by_text("Seen by Ada")).to_have_count(0)


@pytest.mark.usefixtures("network_errors_expected")
def test_r5_a_restored_backup_is_noticed_although_nobody_gave_its_log_another_id(
    room: RoomPage, visitor: Callable[[str], RoomPage], own_server: Server, tmp_path: Path
) -> None:
    """The log continues with other entries under the numbers that the tab has; its edit must not reach them."""
    database, copy = tmp_path / "alcove.db", tmp_path / "copy.db"
    room.enter(ITEM)
    room.send("kept")
    room.wait_until_sent("kept")
    with closing(sqlite3.connect(database)) as running:
        running.execute(f"VACUUM INTO '{copy}'")
    room.send("lost")
    room.wait_until_sent("lost")
    room.page.context.set_offline(offline=True)
    expect(room.status).to_contain_text("offline")
    room.change("lost", "Edit")
    room.edit("lost, edited")
    own_server.end(signal.SIGKILL)
    copy.replace(database)
    for left in ("alcove.db-wal", "alcove.db-shm"):
        (tmp_path / left).unlink(missing_ok=True)

    with serve_deployed(tmp_path, port=own_server.port):
        bob = visitor("Bob")
        bob.at = own_server.url
        bob.enter(ITEM)
        for text in ("other", "and more"):
            bob.send(text)
        bob.wait_until_sent("and more")
        room.page.context.set_offline(offline=False)
        room.wait_until_live()

        expect(room.log).to_contain_text("The history of this room was reset")
        expect(room.messages).to_have_text(
            [re.compile("kept"), re.compile("other"), re.compile("and more"), re.compile("lost, edited")]
        )
        expect(bob.messages).to_have_text([re.compile("kept"), re.compile("other"), re.compile("and more")])


@pytest.mark.usefixtures("network_errors_expected")
def test_s6_a_refused_message_is_shown_with_its_reason_until_edited_or_discarded(
    room: RoomPage, own_server: Server, tmp_path: Path
) -> None:
    room.enter(ITEM)
    room.wait_until_offline_ready()
    own_server.end(signal.SIGKILL)
    room.page.reload()
    for text in ("apple " * 20, "just right", "pear " * 20):
        room.send(text)
    expect(room.messages).to_have_count(3)

    with serve_deployed(tmp_path, port=own_server.port, env={"ALCOVE_BODY_BYTES": "100"}):
        room.wait_until_live()
        expect(room.messages.get_by_text("The message is too long.")).to_have_count(2)
        room.choose("apple", "Edit")
        expect(room.edit_field).to_have_value("apple " * 20)
        room.edit("short")
        room.choose("pear", "Discard")

        expect(room.messages).to_have_count(2)
        expect(room.messages.get_by_text("Not sent.")).to_have_count(0)
        room.wait_until_sent("short")
        assert bodies(own_server, ITEM) == ["just right", "short"]
