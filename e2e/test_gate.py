"""Test access as a person sees it: refused with a reason and a way out, logins that end or go on (A3, A4, A7)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from host import Host, hosting
from page_problems import PageProblems
from pages.embedded import EmbeddedRoom
from pages.room import RoomPage
from pages.words import EN, ES, Words
from room_log import bodies
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.http import blocking_http
from tests.support.servers import Server

ITEM = "order-7"
#: A short token is valid for this many times the duration of the last page load, so that slow machines can join.
LOAD_TIMES = 8


@pytest.fixture(autouse=True)
def refusing(page_problems: PageProblems) -> None:
    """Expect the browser's errors about refused requests."""
    page_problems.expect(r"40[13] \(\w+\)|response 40[13]: ")


@pytest.fixture
def host() -> Iterator[Host]:
    with hosting() as running:
        yield running


@pytest.fixture
def token_server(tmp_path: Path, host: Host) -> Iterator[Server]:
    """Run a server that admits members with a token, and a host application whose page contains the server's."""
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": host.url, "ALCOVE_LEEWAY_S": "0"}
    with serve_deployed(tmp_path, env=env) as running:
        host.server, host.item = running.url, ITEM
        yield running


def admits(sub: str = "ada", *, seconds: float = 3600, key: str = SECRET) -> str:
    """Sign a token for the room."""
    return token(sub=sub, name="Ada", exp=time.time() + seconds, items={ITEM: "rw"}, key=key)


def token_lifetime(took: float) -> float:
    """Return the lifetime in seconds of a short token, if loading the page has just taken `took` seconds."""
    return max(4, LOAD_TIMES * took)


def enter_frame(page: Page, host: Host) -> float:
    """Load the host's page and enter its room with a token that lasts; return the seconds that it took."""
    host.tokens = [admits()]
    began = time.monotonic()
    page.goto(host.url)
    expect(page.frame_locator("iframe").get_by_role("status")).to_have_text("Live")
    host.asked = 0
    return time.monotonic() - began


def link(server: Server, key: str) -> str:
    """Return the URL by which a host application leads into the room."""
    return f"{server.url}/items/{ITEM}#token={key}"


REFUSED_TOKENS: dict[str, tuple[Callable[[], str], str, str]] = {
    "a bad signature": (lambda: admits(key="k" * 40), "signature verification failed", "wrong_key"),
    "expired": (lambda: admits(seconds=-60), "signature has expired", "expired"),
    "no right": (lambda: token(items={"other": "rw"}), f"the right to read {ITEM}", "forbidden"),
}
STATUS_TEXTS = {
    (EN, "wrong_key"): "No access · The token is signed with another key.",
    (EN, "expired"): "No access · The token has expired.",
    (EN, "revoked"): "No access · Your access has been revoked.",
    (EN, "forbidden"): "No access · You don't have access to this room.",
    (ES, "wrong_key"): "Sin acceso · El token está firmado con otra clave.",
    (ES, "expired"): "Sin acceso · El token ha caducado.",
    (ES, "forbidden"): "Sin acceso · No tienes acceso a esta sala.",
}
HELP_TEXTS = {EN: "Paste another token", ES: "Pega otro token"}
LIVE = {EN: "Live", ES: "En vivo"}


@pytest.mark.parametrize("why", REFUSED_TOKENS)
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(EN, marks=pytest.mark.browser_context_args(locale="en-GB"), id="en"),
        pytest.param(ES, marks=pytest.mark.browser_context_args(locale="es-CO"), id="es"),
    ],
)
def test_h4_a_refused_member_sees_the_reason_and_what_to_do(
    page: Page, token_server: Server, words: Words, why: str
) -> None:
    bad, said, code = REFUSED_TOKENS[why]
    room = RoomPage(page, words, name="Ada", at=token_server.url)
    page.goto(link(token_server, bad()))

    expect(room.status).to_have_text(STATUS_TEXTS[words, code])
    expect(page.get_by_title(said)).to_be_visible()  # the server's own words, in English, explain the page's
    if code == "forbidden":  # another token would not add the right, so the page does not ask for one
        expect(room.token).to_have_count(0)
        return
    expect(page.get_by_text(HELP_TEXTS[words])).to_be_visible()

    room.token.fill(admits())
    room.connect_button.click()
    expect(room.status).to_have_text(LIVE[words])
    room.send("here I am")
    expect(room.message_with("here I am")).to_be_visible()


def test_a4_a_session_that_ended_continues_with_a_fresh_token(page: Page, token_server: Server) -> None:
    room = RoomPage(page, EN, name="Ada", at=token_server.url)
    began = time.monotonic()
    page.goto(token_server.url)  # a short token is not spent on loading the page's files
    expect(room.connect_button).to_be_visible()
    took = time.monotonic() - began
    expect(room.token).to_have_value("")  # any other than the tutorial's is needed where a key is set
    command = page.get_by_role("figure", name="Command that creates a token")
    expect(command).to_contain_text("alcove token --sub ada --item 'order-1042=rw'")
    expect(room.item_id).to_have_value("order-1042")
    room.item_id.fill("ticket-7")
    expect(command).to_contain_text("alcove token --sub ada --item 'ticket-7=rw'")
    page.goto(link(token_server, admits(seconds=token_lifetime(took))))
    room.wait_until_live()
    room.send("before the end")
    room.wait_until_sent("before the end")
    room.message.fill("half written")

    expect(room.status).to_have_text("Session expired · Your session has expired.")
    expect(room.message).to_have_count(0)
    assert bodies(token_server, ITEM, admits("reader")) == ["before the end"]

    room.token.fill(admits())
    room.connect_button.click()
    room.wait_until_live()
    expect(room.message).to_have_value("half written")
    room.send("after the end")
    room.wait_until_sent("after the end")
    assert bodies(token_server, ITEM, admits("reader")) == ["before the end", "after the end"]


def test_a4_the_host_page_renews_the_session_and_no_message_is_lost(
    page: Page, token_server: Server, host: Host
) -> None:
    seconds = token_lifetime(enter_frame(page, host))
    end = time.time() + seconds
    host.tokens = [admits(seconds=seconds), admits()]
    room = EmbeddedRoom(page)
    page.goto(host.url)
    room.wait_until_live()

    written: list[str] = []
    while time.time() < end + 1:
        written.append(f"line {len(written)}")
        room.send(written[-1])
        room.wait_until_sent(written[-1])
        room.wait_until_live()

    assert host.asked == 2
    assert bodies(token_server, ITEM, admits("reader")) == written


@pytest.mark.usefixtures("token_server")
def test_a4_a_host_page_without_a_fresh_token_ends_the_session(page: Page, host: Host) -> None:
    host.tokens = [admits(seconds=token_lifetime(enter_frame(page, host)))]
    page.goto(host.url)

    expect(page.frame_locator("iframe").get_by_role("status")).to_have_text(
        "Not signed in · Sign in to read and write here."
    )
    # At first, before the end (once or repeatedly; never, where coming in took all the time), and at it.
    assert 2 <= host.asked <= 6


def test_a7_a_member_who_is_revoked_while_connected_is_told_so(page: Page, token_server: Server) -> None:
    room = RoomPage(page, EN, name="Ada", at=token_server.url)
    page.goto(link(token_server, admits()))
    room.wait_until_live()
    with blocking_http(token_server, token(sub="root", items={"*": "rwm"})) as client:
        client.post("/api/revoke", json={"sub": "ada"}).raise_for_status()

    expect(room.status).to_have_text(STATUS_TEXTS[EN, "revoked"])
    expect(page.get_by_title("your access was revoked; ask for a new token")).to_be_visible()


def test_a2_the_page_shows_a_warning_in_open_mode_only(page: Page, token_server: Server) -> None:
    warning = page.get_by_role("complementary").filter(has_text="Open to all")
    page.goto("/")
    expect(warning).to_have_text("Open to all Anyone who reaches this server can read and write.")

    with page.expect_response("**/api/mode"):
        page.goto(token_server.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(warning).to_have_count(0)
