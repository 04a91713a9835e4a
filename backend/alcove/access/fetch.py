"""Read a file or an HTTP(S) address, bounded in bytes and seconds. Blocking: run it in a thread."""

import base64
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import IO
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener


class _BoundedHttpConnection(HTTPConnection):
    """A connection that is shut down after its timeout; http.client only bounds the wait for each read."""

    def connect(self) -> None:
        """Connect and start the timer."""
        super().connect()
        _shut_down_after(self.sock, self.timeout or 0)


class _BoundedHttpsConnection(HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        """Connect and start the timer."""
        super().connect()
        _shut_down_after(self.sock, self.timeout or 0)


def _shut_down_after(sock: socket, seconds: float) -> None:
    def shut_down() -> None:
        with suppress(OSError):  # it was closed before
            sock.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, shut_down)
    timer.daemon = True
    timer.start()


class _BoundedHttpHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        """Open a bounded connection (urllib)."""
        return self.do_open(_BoundedHttpConnection, req)


class _BoundedHttpsHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        """Open a bounded connection (urllib)."""
        return self.do_open(_BoundedHttpsConnection, req)


class _SameOriginRedirects(HTTPRedirectHandler):
    """Follows redirects within one origin: only the origin that the operator configured may provide keys."""

    def redirect_request(  # noqa: PLR0917 - the signature is the library's
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the next request. Raises OSError for a redirect to another origin."""
        present, target = urlsplit(req.full_url), urlsplit(newurl)
        if (present.scheme, present.netloc.lower()) != (target.scheme, target.netloc.lower()):
            raise OSError(f"it redirects to another origin, {target.scheme}://{target.netloc.rpartition('@')[2]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = build_opener(_BoundedHttpHandler, _BoundedHttpsHandler, _SameOriginRedirects)


def fetch(source: str, *, seconds: float, size: int) -> bytes:
    """Return the content of `source`.

    Args:
        source: A path, or a `file:`, `http:` or `https:` address.
        seconds: Maximum duration of the whole read.
        size: Maximum bytes.

    Raises:
        OSError: It cannot be read, or not in time.
        HTTPException: The server's answer is not HTTP.
        ValueError: It is larger than `size`.

    """
    deadline = time.monotonic() + seconds
    parts = urlsplit(source)
    if parts.scheme not in {"http", "https"}:
        with Path(parts.path if parts.scheme else source).open("rb") as file:
            return _read(file, deadline, size, seconds)
    with _opener.open(_request(parts), timeout=seconds) as answer:
        return _read(answer, deadline, size, seconds)


def _read(source: IO[bytes], deadline: float, size: int, seconds: float) -> bytes:
    """Read to the end. Raises ValueError beyond `size` bytes, TimeoutError after the deadline."""
    content = bytearray()
    while part := source.read1(64 * 1024):  # type: ignore[attr-defined]  # both kinds of source are buffered
        content += part
        if len(content) > size:
            raise ValueError(f"it is larger than {size} bytes")
    if time.monotonic() > deadline:
        raise TimeoutError(f"it takes longer than {seconds:g} s")
    return bytes(content)


def _request(parts: SplitResult) -> Request:
    """Return the request. User and password of the address go into a header that redirects do not carry."""
    host = parts.netloc.rpartition("@")[2]
    request = Request(urlunsplit(parts._replace(netloc=host)), headers={"accept": "application/json"})  # noqa: S310 - the caller checked that it is http(s)
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("authorization", f"Basic {base64.b64encode(user).decode()}")
    return request
