"""A host application: its page has a room by `<alcove-room>`, and gives it tokens when the room asks (A4)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What a host application writes, in the few lines that it takes.
PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<link rel="icon" href="data:,">
<script src="%(server)s/embed.js"></script>
<alcove-room item="%(item)s" token-url="/token"></alcove-room>
</html>
"""


class Host:
    """A web server of a host application."""

    def __init__(self) -> None:
        #: The address of the Alcove server, and the item whose room the page has.
        self.server = ""
        self.item = ""
        #: Its tokens, each given once; after them no member is signed in.
        self.tokens: list[str] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """The page, or a token."""
                kind, body = "text/html", PAGE % {"server": outer.server, "item": outer.item}
                if self.path == "/token":
                    outer.asked += 1
                    kind, body = "text/plain", outer.tokens.pop(0) if outer.tokens else ""
                self.send_response(200 if body else 204)
                self.send_header("content-type", kind)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        """Answer until `end`."""
        self._server.serve_forever(0.01)

    def end(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def hosting() -> Iterator[Host]:
    """A host application, ended afterwards."""
    host = Host()
    thread = threading.Thread(target=host.serve)
    thread.start()
    try:
        yield host
    finally:
        host.end()
        thread.join()
