"""Test that stored data belong to one member, and that sending works without storage or with a suspended tab."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser_storage import DENY_STORAGE, NOT_SAVED, READ_STORAGE, SILENT
from network import Network
from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage
from pages.words import EN
from room_log import entries
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server

ITEM = "order-7"
#: Ways in which a browser keeps a page from storing anything.
BLOCKED = {"everything is refused": DENY_STORAGE, "IndexedDB and locks never answer": SILENT}


@pytest.fixture
def token_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that admits members with a token."""
    with serve_deployed(tmp_path, env={"ALCOVE_SECRET": SECRET}) as running:
        yield running


@pytest.fixture
def network(token_server: Server) -> Iterator[Network]:
    with Network(token_server) as between:
        yield between


def member(sub: str) -> str:
    """Sign a member's token for the room."""
    return token(sub=sub, name=sub.title(), exp=time.time() + 3600, items={ITEM: "rw"})


def log_of(server: Server) -> list[tuple[str, object]]:
    """Authors and bodies of the room's log."""
    return [(entry["by"]["id"], entry["body"]) for entry in entries(server, ITEM, member("reader"))]


def renderer_of(page: Page) -> int:
    """Return the process id of a page's renderer: the one that is busy while the page is."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()

    def cpu_times() -> dict[int, float]:
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return {one["id"]: one["cpuTime"] for one in found if one["type"] == "renderer"}

    before = cpu_times()
    page.evaluate("() => { for (const end = performance.now() + 500; performance.now() < end; ); }")
    after = cpu_times()
    session.detach()
    return max(after, key=lambda pid: after[pid] - before.get(pid, 0))


@contextmanager
def suspend(page: Page) -> Iterator[None]:
    """Stop a page's renderer while the block runs, as a system suspends a tab: it keeps its locks."""
    pid = renderer_of(page)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def log_in(context: BrowserContext, at: str, sub: str) -> None:
    """Set the login cookie as the server's own page would."""
    answer = context.request.post(f"{at}/api/session", data={"token": member(sub)}, headers={"origin": at})
    assert answer.ok


def enter_by_cookie(page: Page, at: str) -> RoomPage:
    """Enter the room with the login cookie: at once if the page knows it, else by the Connect card without a token."""
    room = RoomPage(page, EN, name="", at=at)
    page.goto(f"{at}/items/{ITEM}")
    room.connect_button.or_(room.message).first.wait_for()
    if room.message.is_visible():
        return room
    room.token.fill("")
    room.connect_button.click()
    return room


def test_one_members_unsent_message_never_goes_out_in_the_next_ones_name(
    context: BrowserContext, network: Network, token_server: Server, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    page_problems.expect("401")
    log_in(context, network.url, "ada")
    page = context.new_page()
    room = enter_by_cookie(page, network.url)
    room.wait_until_live()
    network.cut()
    expect(room.status).to_contain_text("Reconnecting")
    room.send("ada's words")
    expect(room.message_with("ada's words")).to_contain_text("Sending…")
    room.message.fill("half of ada's")
    page.close()
    network.restore()

    log_in(context, network.url, "bob")
    room = enter_by_cookie(context.new_page(), network.url)
    room.open_details()
    expect(room.members).to_contain_text(["Bob"])
    expect(room.message).to_have_value("")
    room.send("bob's words")
    room.wait_until_sent("bob's words")
    assert log_of(token_server) == [("bob", "bob's words")]
    room.page.close()

    log_in(context, network.url, "ada")
    room = enter_by_cookie(context.new_page(), network.url)
    room.open_details()
    expect(room.members).to_contain_text(["Ada"])
    expect(room.message_with("ada's words")).to_be_visible()
    expect(room.sending_label).to_have_count(0)
    assert log_of(token_server) == [("bob", "bob's words"), ("ada", "ada's words")]


def test_signing_out_clears_token_and_conversation_in_every_tab(
    context: BrowserContext, token_server: Server, page_problems: PageProblems
) -> None:
    page_problems.expect("401")
    tabs = [RoomPage(context.new_page(), EN, name="Ada", at=token_server.url) for _ in range(2)]
    for tab in tabs:
        tab.enter(ITEM, token=member("ada"))
    tabs[0].send("a secret of ours")
    expect(tabs[1].message_with("a secret of ours")).to_be_visible()

    tabs[0].open_account()
    tabs[0].sign_out_button.press("Enter")

    expect(tabs[0].connect_button).to_be_visible()
    expect(tabs[0].page.locator("#content")).to_be_focused()
    for tab in tabs:
        expect(tab.connect_button).to_be_visible()
        tab.page.reload()
        expect(tab.connect_button).to_be_visible()
        kept = tab.page.evaluate(READ_STORAGE)
        assert "a secret of ours" not in kept
        assert "eyJ" not in kept


@pytest.mark.parametrize("way", BLOCKED)
def test_live_means_that_sending_works_where_nothing_can_be_stored(
    page: Page, server: Server, way: str, page_problems: PageProblems
) -> None:
    page_problems.expect("SecurityError")
    room = RoomPage(page, EN, name="Ada", at=server.url)
    page.add_init_script(BLOCKED[way])
    room.visit(f"blocked-{list(BLOCKED).index(way)}")
    expect(room.status).to_have_text(f"Live · {NOT_SAVED}")

    room.send("said all the same")

    room.wait_until_sent("said all the same")


def test_a_suspended_tab_does_not_hold_up_another_ones_messages(
    page: Page, context: BrowserContext, server: Server
) -> None:
    item = "suspended"
    sleeping = RoomPage(page, EN, name="Ada", at=server.url)
    sleeping.enter(item)
    sleeping.send("before")
    sleeping.wait_until_sent("before")
    awake = RoomPage(context.new_page(), EN, name="Ada", at=server.url)
    awake.enter(item)
    expect(awake.message_with("before")).to_be_visible()

    with suspend(page):
        awake.send("meanwhile")
        awake.wait_until_sent("meanwhile")

    expect(sleeping.message_with("meanwhile")).to_have_count(1)


def test_a_member_of_the_login_cookie_comes_back_into_the_latest_room(
    context: BrowserContext, token_server: Server
) -> None:
    log_in(context, token_server.url, "ada")
    page = context.new_page()
    enter_by_cookie(page, token_server.url).wait_until_live()
    page.close()

    room = RoomPage(context.new_page(), EN, name="", at=token_server.url)
    room.page.goto(f"{token_server.url}/")

    expect(room.heading).to_have_text(ITEM)
    room.wait_until_live()
    expect(room.connect_button).to_have_count(0)


def test_a_moderator_deletes_messages_of_others(
    context: BrowserContext, token_server: Server, visitor: Callable[[str], RoomPage]
) -> None:
    bob = visitor("Bob")
    bob.at = token_server.url
    bob.enter(ITEM, token=member("bob"))
    bob.send("off topic")
    bob.wait_until_sent("off topic")
    ada = RoomPage(context.new_page(), EN, name="Ada", at=token_server.url)
    ada.enter(ITEM, token=token(sub="ada", name="Ada", items={ITEM: "rwm"}))
    ada.message_with("off topic").hover()
    expect(ada.message_with("off topic").get_by_role("button", name="Edit", exact=True)).to_have_count(0)

    ada.change("off topic", "Delete")

    expect(bob.messages).to_contain_text(["Message deleted"])
    expect(bob.message_with("off topic")).to_have_count(0)
