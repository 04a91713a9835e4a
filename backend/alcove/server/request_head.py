"""Check the head of an HTTP request (RFC 9112), and normalize it for the application."""

import re
from typing import Final

import httptools

#: The headers of a request: pairs of a name in lower case and a value.
Headers = list[tuple[bytes, bytes]]

#: A host with or without its port (RFC 9110, section 7.2; RFC 3986, section 3.2).
_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]*)?")
_PROTO: Final = b"x-forwarded-proto"


def normalize(headers: Headers, url: bytes, *, version: str, websocket: bool) -> bytes:
    """Check a head, normalize its headers in place, and return the request target in origin-form.

    Args:
        headers: The headers. `Host` becomes the host of an absolute target; `X-Forwarded-Proto` keeps its first value.
        url: The request target as it was sent.
        version: The HTTP version, such as `1.1`.
        websocket: Whether the request is a WebSocket handshake.

    Raises:
        ValueError: The head violates RFC 9112, or asks for a WebSocket over HTTP/1.0.

    """
    if websocket and version != "1.1":
        raise ValueError("a WebSocket needs HTTP/1.1")  # RFC 6455, section 4.1
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts) or not all(map(_HOST.fullmatch, hosts)):
        raise ValueError("expected one header Host")  # RFC 9112, section 3.2
    if not url.startswith(b"/"):
        url = _origin_form(headers, url)
    _keep_first_proto(headers)
    return url


def without_empty_body(headers: Headers) -> Headers:
    """Copy the headers of a handshake without `Content-Length: 0`, which uvicorn's WebSocket refuses.

    Raises:
        ValueError: The headers announce a body.

    """
    headers_to_keep = [(name, value) for name, value in headers if (name, value) != (b"content-length", b"0")]
    if any(name in {b"content-length", b"transfer-encoding"} for name, _ in headers_to_keep):
        raise ValueError("a handshake has no body")
    return headers_to_keep


def _origin_form(headers: Headers, url: bytes) -> bytes:
    """Return path and query of an absolute target, and set `Host` to its host (RFC 9112, section 3.2.2).

    Targets in other forms are returned unchanged.
    """
    parsed = httptools.parse_url(url)
    if parsed.schema is None or parsed.host is None:
        return url
    host = b"[%b]" % parsed.host if b":" in parsed.host else parsed.host
    if parsed.port is not None:
        host += b":%d" % parsed.port
    headers[:] = [(name, host if name == b"host" else value) for name, value in headers]
    return (parsed.path or b"/") + (b"?" + parsed.query if parsed.query is not None else b"")


def _keep_first_proto(headers: Headers) -> None:
    """Reduce X-Forwarded-Proto to its first value: the scheme that the client used to reach the first proxy."""
    first = next((value for name, value in headers if name == _PROTO), b"").split(b",")[0].strip().lower()
    if first:
        headers[:] = [*((name, value) for name, value in headers if name != _PROTO), (_PROTO, first)]
