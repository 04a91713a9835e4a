"""Read the body of a request, up to a limit (L1)."""

import sys
from typing import Any

from fastapi import Request

from alcove.errors import Close, Code, Refusal

#: Options of a route that calls `whole_body`: FastAPI's own limit would answer without a problem document (W6).
BOUNDED_HERE: dict[str, Any] = {"max_body_size": sys.maxsize}


#: Maximum bytes of a body that is read before its sender is authenticated: enough for a token.
SMALL_BODY = 32 * 1024


async def whole_body(request: Request, limit: int | None = None) -> bytes:
    """Return the body of a request.

    Args:
        request: The request.
        limit: Maximum bytes; None: the setting `message_bytes`.

    Raises:
        Refusal: The body is larger.

    """
    if limit is None:
        limit = request.app.state.settings.message_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refusal(Code.TOO_LARGE, Close.TOO_BIG, f"a request may have {limit} bytes, this one has more")
    return bytes(body)
