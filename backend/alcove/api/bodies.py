"""A request's body, within its bound (L1)."""

import sys
from typing import Any

from fastapi import Request

from alcove.errors import Close, Code, Refusal

#: Of a route whose body is read here: FastAPI's own limit would answer without a problem document (W6).
BOUNDED_HERE: dict[str, Any] = {"max_body_size": sys.maxsize}


async def whole_body(request: Request) -> bytes:
    """The body. Raises Refusal beyond the setting `message_bytes`."""
    limit = request.app.state.settings.message_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refusal(Code.TOO_LARGE, Close.TOO_BIG, f"a request may have {limit} bytes, this one has more")
    return bytes(body)
