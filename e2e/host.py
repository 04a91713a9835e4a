"""A host application: its page frames a room, and gives it fresh tokens when the room asks (A4)."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What a host application writes, in the few lines that it takes.
PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<iframe title="Room" src="%(room)s" width="1200" height="700"></iframe>
<script>
  const frame = document.querySelector("iframe");
  addEventListener("message", async ({ source, origin, data, ports }) => {
    if (source !== frame.contentWindow || origin !== %(origin)s || data.type !== "alcove.token") return;
    const answer = await fetch("/token");
    ports[0].postMessage(answer.ok ? await answer.text() : null);
  });
</script>
</html>
"""


class Host:
    """A web server of a host application. `frames`: the address of the room, and the origin that it is of."""

    def __init__(self) -> None:
        self.frames = ("", "")
        #: The fresh tokens that it has, each given once.
        self.tokens: list[str] = []
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """The page, or a token."""
                kind, body = "text/html", outer.page
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

    @property
    def page(self) -> str:
        """The page with the room in it."""
        room, origin = self.frames
        return PAGE % {"room": room, "origin": json.dumps(origin)}

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
