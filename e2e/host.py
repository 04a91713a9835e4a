"""Run a host application: its page contains a room by `<alcove-room>`, and requests tokens for it (A4)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from room_log import post
from tests.support.credentials import token

#: The page of a host application, as short as possible.
PAGE = """<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shop</title>
<link rel="icon" href="data:,">
<script src="%(server)s/embed.js"></script>
<alcove-room item="%(item)s" token-url="/token"></alcove-room>
</html>
"""


class Host:
    """A web server of a host application, with settings that tests change."""

    def __init__(self) -> None:
        #: The address of the Alcove server, and the item whose room the page has unless `?item=` names another one.
        self.server = ""
        self.item = ""
        #: The HTML of its page.
        self.page = PAGE
        #: Headers of its page.
        self.headers: dict[str, str] = {}
        #: Its tokens, each given once; after them no member is signed in.
        self.tokens: list[str] = []
        #: Returns the token of the user of a session cookie, instead of `tokens`.
        self.sign: Callable[[str], str] | None = None
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Respond with the page, or with a token."""
                address = urlsplit(self.path)
                if address.path == "/token":
                    self._answer("text/plain", outer._token(SimpleCookie(self.headers["cookie"])), {})
                    return
                item = parse_qs(address.query).get("item", [outer.item])[0]
                self._answer("text/html", outer.page % {"server": outer.server, "item": item}, outer.headers)

            def _answer(self, kind: str, body: str, headers: dict[str, str]) -> None:
                self.send_response(200 if body else 204)
                for name, value in {"content-type": kind, **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        #: The same host application at another site's address, as browsers see it.
        self.other_site = f"http://localhost:{self._server.server_port}"

    def _token(self, cookies: SimpleCookie) -> str:
        """Return a token; an empty string if no user is signed in."""
        self.asked += 1
        if self.sign is None:
            return self.tokens.pop(0) if self.tokens else ""
        user = cookies.get("session")
        return "" if user is None else self.sign(user.value)

    def serve(self) -> None:
        """Serve requests until `end` is called."""
        self._server.serve_forever(0.01)

    def end(self) -> None:
        """Stop serving, and close the socket."""
        self._server.shutdown()
        self._server.server_close()


def sign(user: str) -> str:
    """Sign a token that lets a user of the host application read and write in every room."""
    return token(sub=user, name=user.title(), items={"*": "rw"})


def send_as_bob(host: Host, *bodies: str) -> None:
    """Send messages as Bob to the room of the host's page."""
    post(host.server, host.item, *bodies, token=sign("bob"))


@contextmanager
def hosting() -> Iterator[Host]:
    """Run a host application while the block runs."""
    host = Host()
    thread = threading.Thread(target=host.serve)
    thread.start()
    try:
        yield host
    finally:
        host.end()
        thread.join()
