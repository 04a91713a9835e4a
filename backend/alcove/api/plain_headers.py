"""Keeps request headers in a form that the framework's parsers read in time proportional to their size (L).

FastAPI reads `Accept` with a mail parser whose time grows with the square of the length, where a path of the page is
asked for; some releases of Python do the same with backslashes in cookies. A request's head may have 32 KiB, and anyone
may send one.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

#: Bytes of `Accept` that count: browsers send about 150.
_ACCEPT_BYTES = 1024
#: Bytes of a cookie in which backslashes may stand: only quoted values have some, and ours are never quoted.
_QUOTED_BYTES = 256

Header = tuple[bytes, bytes]


class PlainHeaders:
    """Cuts `Accept`, and leaves out long cookies with backslashes, before anything reads them (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "lifespan" and any(map(_costs, scope["headers"])):
            scope = {**scope, "headers": plain(scope["headers"])}
        await self._app(scope, receive, send)


def plain(headers: Iterable[Header]) -> list[Header]:
    """Return the headers in a form that costs little to read."""
    return [(name, _plain(name, value)) for name, value in headers]


def _costs(header: Header) -> bool:
    name, value = header
    return (name == b"accept" and len(value) > _ACCEPT_BYTES) or (name == b"cookie" and b"\\" in value)


def _plain(name: bytes, value: bytes) -> bytes:
    if name == b"accept" and len(value) > _ACCEPT_BYTES:
        return value[:_ACCEPT_BYTES].rpartition(b",")[0]
    if name == b"cookie" and b"\\" in value:
        cookies = value.split(b";")
        return b";".join([cookie for cookie in cookies if b"\\" not in cookie or len(cookie) <= _QUOTED_BYTES])
    return value
