"""Read a file or an HTTP(S) address within a bound of bytes and of seconds; blocking, for a thread of its own."""

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


class _Plain(HTTPConnection):
    """A connection that is cut off when its time is over: each byte may come in time, and the head never end."""

    def connect(self) -> None:
        """Connect, and let the time run."""
        super().connect()
        _cut_later(self.sock, self.timeout or 0)


class _Tls(HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        """Connect, and let the time run."""
        super().connect()
        _cut_later(self.sock, self.timeout or 0)


def _cut_later(sock: socket, seconds: float) -> None:
    def cut() -> None:
        with suppress(OSError):  # it was closed long ago
            sock.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        """Open such a connection."""
        return self.do_open(_Plain, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        """Open such a connection."""
        return self.do_open(_Tls, req)


class _SameOrigin(HTTPRedirectHandler):
    """Follows redirects within the origin that was asked: its operator chose that one, and no other may give keys."""

    def redirect_request(  # noqa: PLR0917 - as the library calls it
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the next request. Raises OSError for another origin."""
        asked, named = urlsplit(req.full_url), urlsplit(newurl)
        if (asked.scheme, asked.netloc.lower()) != (named.scheme, named.netloc.lower()):
            raise OSError(f"it redirects to another origin, {named.scheme}://{named.netloc.rpartition('@')[2]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = build_opener(_Http, _Https, _SameOrigin)


def fetch(source: str, *, seconds: float, size: int) -> bytes:
    """All that `source` (a path, `file:`, `http:` or `https:`) holds.

    Raises OSError, HTTPException, or ValueError beyond `size` bytes.
    """
    deadline = time.monotonic() + seconds
    parts = urlsplit(source)
    if parts.scheme not in {"http", "https"}:
        with Path(parts.path if parts.scheme else source).open("rb") as file:
            return _take(file, deadline, size, seconds)
    with _opener.open(_request(parts), timeout=seconds) as answer:
        return _take(answer, deadline, size, seconds)


def _take(source: IO[bytes], deadline: float, size: int, seconds: float) -> bytes:
    text = bytearray()
    while part := source.read1(64 * 1024):  # type: ignore[attr-defined]  # both kinds of source are buffered
        text += part
        if len(text) > size:
            raise ValueError(f"it is larger than {size} bytes")
    if time.monotonic() > deadline:
        raise TimeoutError(f"it takes longer than {seconds:g} s")
    return bytes(text)


def _request(parts: SplitResult) -> Request:
    """The question; the user and password of an address go into a header, and to no other address."""
    host = parts.netloc.rpartition("@")[2]
    request = Request(urlunsplit(parts._replace(netloc=host)), headers={"accept": "application/json"})  # noqa: S310 - http(s), as the caller saw to
    if parts.username is not None:
        known_as = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("authorization", f"Basic {base64.b64encode(known_as).decode()}")
    return request
