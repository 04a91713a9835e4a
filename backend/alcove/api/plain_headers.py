"""Shorten request headers that the framework's parsers would parse in quadratic time (L).

At paths of the page, FastAPI reads `Accept` with a mail parser whose time grows with the square of the length. Some
releases of Python parse backslashes in cookies equally slowly. Any client may send headers of 32 KiB in total.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

#: Maximum bytes of `Accept` that are kept: browsers send about 150.
_ACCEPT_BYTES = 1024
#: Maximum bytes of a cookie with backslashes. Only quoted values have backslashes, and Alcove's cookies are not quoted.
_QUOTED_BYTES = 256

#: The name and the value of a header, as ASGI has them.
Header = tuple[bytes, bytes]


class PlainHeaders:
    """Middleware that truncates a long `Accept` and removes long cookies that contain backslashes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, with shortened headers if parsing them could take quadratic time (ASGI)."""
        if scope["type"] != "lifespan" and any(map(_is_costly, scope["headers"])):
            scope = {**scope, "headers": shorten(scope["headers"])}
        await self._app(scope, receive, send)


def shorten(headers: Iterable[Header]) -> list[Header]:
    """Copy the headers with `Accept` truncated, and without long cookies that contain backslashes."""
    return [(name, _shorten(name, value)) for name, value in headers]


def _is_costly(header: Header) -> bool:
    """Return whether a header could take quadratic time to parse."""
    name, value = header
    return (name == b"accept" and len(value) > _ACCEPT_BYTES) or (name == b"cookie" and b"\\" in value)


def _shorten(name: bytes, value: bytes) -> bytes:
    """Return the value of one header, shortened if it could take quadratic time to parse."""
    if name == b"accept" and len(value) > _ACCEPT_BYTES:
        return value[:_ACCEPT_BYTES].rpartition(b",")[0]
    if name == b"cookie" and b"\\" in value:
        cookies = value.split(b";")
        return b";".join([cookie for cookie in cookies if b"\\" not in cookie or len(cookie) <= _QUOTED_BYTES])
    return value
