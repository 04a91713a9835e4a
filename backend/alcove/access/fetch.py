"""Read a file or an HTTP(S) URL with limits on bytes and time. All functions block: call them in a thread."""

import base64
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from socket import SHUT_RDWR, socket
from typing import IO
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from alcove.regular_files import open_regular


class _BoundedHttpConnection(HTTPConnection):
    """Shuts its socket down `timeout` seconds after connecting; http.client itself limits only each single read."""

    def connect(self) -> None:
        """Connect, and start the timer that shuts the socket down."""
        super().connect()
        _shut_down_after(self.sock, self.timeout or 0)


class _BoundedHttpsConnection(HTTPSConnection):
    """Shuts its TLS socket down `timeout` seconds after connecting."""

    def connect(self) -> None:
        """Connect, and start the timer that shuts the socket down."""
        super().connect()
        _shut_down_after(self.sock, self.timeout or 0)


def _shut_down_after(sock: socket, seconds: float) -> None:
    """Start a timer thread that shuts `sock` down after `seconds`, which ends a blocked read."""

    def shut_down() -> None:
        with suppress(OSError):  # the socket is already closed
            sock.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, shut_down)
    timer.daemon = True
    timer.start()


class _BoundedHttpHandler(HTTPHandler):
    """Makes urllib use `_BoundedHttpConnection` for http URLs."""

    def http_open(self, req: Request) -> HTTPResponse:
        """Send the request over a bounded connection, and return the response."""
        return self.do_open(_BoundedHttpConnection, req)


class _BoundedHttpsHandler(HTTPSHandler):
    """Makes urllib use `_BoundedHttpsConnection` for https URLs."""

    def https_open(self, req: Request) -> HTTPResponse:
        """Send the request over a bounded connection, and return the response."""
        return self.do_open(_BoundedHttpsConnection, req)


class _SameOriginRedirects(HTTPRedirectHandler):
    """Follows redirects within one origin only, because no other origin than the configured one may provide keys."""

    def redirect_request(  # noqa: PLR0917 - the signature is the library's
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request that follows a redirect.

        Raises:
            OSError: The redirect leads to another origin.

        """
        current, target = urlsplit(req.full_url), urlsplit(newurl)
        if (current.scheme, current.netloc.lower()) != (target.scheme, target.netloc.lower()):
            raise OSError(f"it redirects to another origin, {target.scheme}://{target.netloc.rpartition('@')[2]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = build_opener(_BoundedHttpHandler, _BoundedHttpsHandler, _SameOriginRedirects)


def fetch(source: str, *, timeout_s: float, max_bytes: int) -> bytes:
    """Read a file or an HTTP(S) URL completely and return its bytes.

    Args:
        source: A path, or a `file:`, `http:` or `https:` URL; user and password in it are sent as basic authentication.
        timeout_s: Maximum seconds for the whole read.
        max_bytes: Maximum bytes.

    Raises:
        OSError: The source cannot be read, or not within `timeout_s`.
        HTTPException: The server's response is not HTTP.
        ValueError: The content is larger than `max_bytes`.

    """
    deadline = time.monotonic() + timeout_s
    parts = urlsplit(source)
    if parts.scheme not in {"http", "https"}:
        with open_regular(parts.path if parts.scheme else source) as file:
            return _read(file, deadline, max_bytes, timeout_s)
    with _opener.open(_request(parts), timeout=timeout_s) as response:
        return _read(response, deadline, max_bytes, timeout_s)


def _read(source: IO[bytes], deadline: float, max_bytes: int, timeout_s: float) -> bytes:
    """Read a stream to its end and return the bytes.

    Args:
        source: A buffered file or HTTP response.
        deadline: When the read must have ended, as `time.monotonic()` counts.
        max_bytes: Maximum bytes.
        timeout_s: The duration that the error names.

    Raises:
        ValueError: The content is larger than `max_bytes`.
        TimeoutError: The end was reached after the deadline.

    """
    content = bytearray()
    while part := source.read1(64 * 1024):  # type: ignore[attr-defined]  # both kinds of source are buffered
        content += part
        if len(content) > max_bytes:
            raise ValueError(f"it is larger than {max_bytes} bytes")
    if time.monotonic() > deadline:
        raise TimeoutError(f"it takes longer than {timeout_s:g} s")
    return bytes(content)


def _request(parts: SplitResult) -> Request:
    """Build the request for a URL. Its user and password become a header that is not sent to redirect targets."""
    host = parts.netloc.rpartition("@")[2]
    request = Request(urlunsplit(parts._replace(netloc=host)), headers={"accept": "application/json"})  # noqa: S310 - the caller checked that it is http(s)
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("authorization", f"Basic {base64.b64encode(user).decode()}")
    return request
