"""Test the core of the page in Firefox: enter, send, reload, reconnect, edit, sign out, denied storage."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from firefox import Firefox, Tab, on_path, running
from stack import serve_deployed
from tests.support.servers import Server

pytestmark = pytest.mark.skipif(on_path() is None, reason="no Firefox on the PATH: its part of the tests is left out")

FIELD = "main textarea"


@pytest.fixture(autouse=True)
def patience() -> None:
    """Override the fixture: no Chromium is needed here."""


@pytest.fixture(autouse=True)
def page_problems() -> None:
    """Override the fixture: no Chromium is observed."""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that the test may stop."""
    with serve_deployed(tmp_path) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Start the Firefox that the tests share, because that takes seconds."""
    with running(tmp_path_factory.mktemp("firefox")) as started:
        yield started


@pytest.fixture
def tab(firefox: Firefox) -> Iterator[Tab]:
    """Open a tab in a container, which shares no storage with other tests."""
    with firefox.container() as opened:
        yield opened


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def enter(tab: Tab, server: Server, item: str) -> None:
    """Follow a link into the room."""
    tab.open(f"{server.url}/items/{item}#token=some-key-token&name=Ada")
    wait_until_live(tab)


def wait_until_live(tab: Tab) -> None:
    tab.wait_for("find('[role=status]')?.textContent.startsWith('Live')")


def send(tab: Tab, text: str) -> None:
    tab.focus(FIELD)
    tab.type(text, "Enter")


def shows(tab: Tab, *texts: str) -> None:
    """Wait until exactly these messages stand in the room, all of them in the log."""
    tab.wait_for(
        "JSON.stringify([...document.querySelectorAll('[role=log] article [dir=auto]')]"
        f".map((one) => one.textContent)) === JSON.stringify({json.dumps(texts)})"
    )
    tab.wait_for("[...document.querySelectorAll('[role=log] article p')].length === 0")


def test_a_member_enters_sends_reloads_and_edits(tab: Tab, server: Server, item: str) -> None:
    enter(tab, server, item)
    send(tab, "frist")
    shows(tab, "frist")
    tab.reload()
    wait_until_live(tab)
    shows(tab, "frist")

    tab.focus(FIELD)
    tab.type("ArrowUp")
    tab.wait_for(f"document.querySelector({json.dumps(FIELD)}).value === 'frist'")
    tab.evaluate(f"document.querySelector({json.dumps(FIELD)}).select()")
    tab.type("first", "Enter")

    shows(tab, "first")
    tab.wait_for("find('[role=log] article').textContent.includes('(edited)')")


def test_what_is_written_while_the_server_is_away_arrives(
    tab: Tab, own_server: Server, item: str, tmp_path: Path
) -> None:
    enter(tab, own_server, item)
    send(tab, "before")
    shows(tab, "before")
    own_server.end(signal.SIGKILL)
    tab.wait_for("find('[role=status]').textContent.startsWith('Reconnecting')")
    send(tab, "in between")
    tab.wait_for("find('[role=status]').textContent.includes('1 message waiting')")

    with serve_deployed(tmp_path, port=own_server.port):
        wait_until_live(tab)
        shows(tab, "before", "in between")


def test_signing_out_leaves_nothing_behind(tab: Tab, server: Server, item: str) -> None:
    enter(tab, server, item)
    send(tab, "mine")
    shows(tab, "mine")

    tab.click("[popovertarget=account]")
    tab.click("button", "Sign out")
    tab.wait_for("find('button', 'Enter the room')")
    tab.reload()

    tab.wait_for("find('button', 'Enter the room')")
    assert "mine" not in tab.evaluate("document.body.innerText")
    assert "some-key-token" not in tab.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_sending_works_where_storage_is_refused(server: Server, item: str, tmp_path: Path) -> None:
    block_all = {"network.cookie.cookieBehavior": 2}
    with running(tmp_path, preferences=block_all) as firefox:
        tab = firefox.tab()
        enter(tab, server, item)
        refused = tab.evaluate("(() => { try { localStorage; return false; } catch { return true; } })()")
        send(tab, "without storage")

        assert refused
        shows(tab, "without storage")


@pytest.mark.parametrize("tail", ["." * 60_000 + "/", ")" * 60_000, "/a(" * 20_000], ids=["dots", "brackets", "nested"])
def test_a_message_of_many_characters_does_not_freeze_the_page(tab: Tab, server: Server, item: str, tail: str) -> None:
    enter(tab, server, item)

    tab.evaluate(
        f"""fetch("/api/items/{item}/entries", {{
            method: "POST",
            headers: {{ authorization: "Bearer some-key-token", "content-type": "application/json" }},
            body: JSON.stringify({{ body: "http://a" + {json.dumps(tail)} }}),
        }}).then((answer) => answer.status)"""
    )

    tab.wait_for("find('button', 'Show all')")
    send(tab, "after it")
    tab.wait_for("document.querySelectorAll('[role=log] article').length === 2")
