"""Test the package alcove-client in a real browser, on a page without anything else of Alcove."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Request as BrowserRequest

from room_log import post
from stack import ROOT
from tests.support.servers import Server
from tests.support.snippets import snippet

HOST = """<!doctype html>
<html lang="en">
<title>Host</title>
<link rel="icon" href="data:,">
<script type="module">
  import { createClient } from "/package/index.js";
  const name = new URLSearchParams(location.search).get("name");
  window.alcove = createClient({ url: %(server)s, getToken: () => "some-key-token", name });
</script>
</html>
"""


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundle the package as a page would."""
    folder = tmp_path_factory.mktemp("package")
    command = ["node", "scripts/packages.mjs", "bundle", "client", str(folder)]
    subprocess.run(command, cwd=ROOT / "frontend", check=True)  # noqa: S603 - the project's own script
    return folder


@pytest.fixture(scope="session")
def site(package: Path, server: Server) -> Iterator[str]:
    """Serve the host page and the package on another origin than the server's; return the page's URL."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(package))

        def do_GET(self) -> None:
            """Serve the host page at `/host`, else a file of the package."""
            if self.path == "/badges.js":
                self._send("text/javascript", snippet("badges.js"))
                return
            if not self.path.startswith("/host"):
                self.path = self.path.removeprefix("/package")
                super().do_GET()
                return
            self._send("text/html", HOST % {"server": json.dumps(server.url)})

        def _send(self, kind: str, body: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/host"
        running.shutdown()
        thread.join()


@pytest.fixture
def host(context: BrowserContext, site: str) -> Callable[[str], Page]:
    """Return a function that opens the host page in one more tab, as a given member."""

    def open_as(name: str) -> Page:
        page = context.new_page()
        page.goto(f"{site}?name={name}")
        page.wait_for_function("window.alcove !== undefined")
        return page

    return open_as


JOIN = """item => {
  const room = alcove.room(item);
  window.room = room;
  window.events = [];
  room.on("message", ({ author, body }) => events.push(`${author.name}: ${body}`));
  room.join();
}"""
LIVE = "room.getState().status === 'live'"


def bodies(page: Page) -> Any:
    """Return the texts of the room's messages."""
    return page.evaluate("room.getState().messages.map(({ body }) => body)")


def test_s3_a_message_is_delivered_and_seen_by_others_once(host: Callable[[str], Page], server: Server) -> None:
    item = "package-send"
    post(server, item, "before")
    ada, bob = host("Ada"), host("Bob")
    for page in (ada, bob):
        page.evaluate(JOIN, item)
        page.wait_for_function(LIVE)
        page.wait_for_function("room.getState().messages.length === 1")
    delivered = ada.evaluate("room.send('hello').delivered")
    bob.wait_for_function("events.length === 1")

    assert {"seq": 2, "body": "hello", "delivery": "sent"}.items() <= delivered.items()
    assert bob.evaluate("events") == ["Ada: hello"]
    assert bodies(bob) == ["before", "hello"]


def test_a_message_that_was_written_right_before_a_reload_is_sent_once(host: Callable[[str], Page]) -> None:
    item = "package-reload"
    ada = host("Ada")
    ada.evaluate(JOIN, item)
    ada.wait_for_function(LIVE)
    ada.evaluate("room.send('kept')")
    ada.evaluate("alcove.close()")
    ada.reload()
    ada.wait_for_function("window.alcove !== undefined")
    ada.evaluate(JOIN, item)
    ada.wait_for_function("room.getState().messages.some(({ delivery, seq }) => delivery === 'sent' && seq !== null)")

    assert bodies(ada) == ["kept"]


def test_w10_two_tabs_share_one_stream_of_the_list(host: Callable[[str], Page], server: Server) -> None:
    item = "package-list"
    post(server, item, "one")
    first, second = host("Ada"), host("Ada")
    streams: list[str] = []

    def note(request: BrowserRequest) -> None:
        if "/api/items/events" in request.url:
            streams.append(request.url)

    for page in (first, second):
        page.on("request", note)
    # In a headless browser both tabs count as visible.
    for page in (first, second):
        page.evaluate("void alcove.rooms.subscribe(() => {})")
        page.wait_for_function("alcove.rooms.getState().status === 'live'")
    post(server, item, "two")
    for page in (first, second):
        page.wait_for_function(
            f"alcove.rooms.getState().rooms.some(({{ item, head }}) => item === '{item}' && head === 2)"
        )
        assert page.evaluate("alcove.rooms.getState().unread.get('package-list')") == 2

    assert len(streams) == 1


def test_w10_unread_counts_follow_what_is_read(host: Callable[[str], Page], server: Server) -> None:
    item = "package-unread"
    post(server, item, "one")
    ada = host("Ada")
    ada.evaluate(
        "item => { alcove.rooms.subscribe(() => {}); alcove.rooms.watchUnread([item, 'package-never']); }", item
    )
    ada.wait_for_function("alcove.rooms.getState().unread.get('package-unread') === 1")
    ada.wait_for_function("alcove.rooms.getState().unread.get('package-never') === 0")
    ada.evaluate(
        """async (items) => {
            const { showBadges } = await import("/badges.js");
            window.cells = new Map(items.map((item) => [item, document.createElement("td")]));
            showBadges(alcove, cells);
        }""",
        [item, "package-never"],
    )
    badges = "[...cells.values()].map(({ textContent }) => textContent).join('|')"
    ada.wait_for_function(f"{badges} === '1|'")
    ada.evaluate(JOIN, item)
    ada.wait_for_function(LIVE)
    ada.evaluate("room.markRead(1)")
    ada.wait_for_function("alcove.rooms.getState().unread.get('package-unread') === 0")
    ada.wait_for_function(f"{badges} === '|'")
