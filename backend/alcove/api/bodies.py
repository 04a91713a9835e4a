"""Read and decode request bodies, up to a size limit (L1)."""

import sys
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError

from alcove.errors import Close, Code, Refusal

#: The type of a decoded body.
T = TypeVar("T")

#: Options of a route that limits its body by `read_body`. FastAPI's own limit is switched off, because its response has
#: no problem document (W6).
BOUNDED_HERE: dict[str, Any] = {"max_body_size": sys.maxsize}

#: Maximum bytes of a body that holds no message: enough for a token, the largest value in such a body.
SMALL_BODY = 32 * 1024


async def read_body(request: Request, limit: int | None = None) -> bytes:
    """Read the whole body of a request, and return its bytes.

    Args:
        request: The request.
        limit: Maximum bytes of the body; None: the setting `message_bytes`.

    Raises:
        Refusal: 413 `too_large` if the body is larger.

    """
    if limit is None:
        limit = request.app.state.settings.message_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refusal(Code.TOO_LARGE, Close.TOO_BIG, f"a request may have {limit} bytes, this one has more")
    return bytes(body)


async def decode_body(request: Request, type_: type[T], limit: int | None = None) -> T:
    """Read the body of a request and decode it from JSON.

    Args:
        request: The request.
        type_: The type to decode to; its fields are checked.
        limit: Maximum bytes of the body; None: the setting `message_bytes`.

    Raises:
        RequestValidationError: The body is not JSON of this type.
        Refusal: 413 `too_large` if the body is larger.

    """
    return decode_part(None, await read_body(request, limit), type_)


def decode_part(name: str | None, data: bytes | msgspec.Raw, type_: type[T]) -> T:
    """Decode a body, or one field of a body, from JSON in UTF-8.

    Args:
        name: The name of the field that the error names; None: `data` is the whole body.
        data: The JSON text.
        type_: The type to decode to; its fields are checked.

    Raises:
        RequestValidationError: `data` is not JSON of this type.

    """
    try:
        # JSON is UTF-8 (RFC 8259, section 8.1).
        text = bytes(data).decode()
        return msgspec.json.decode(text, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        location = ("body",) if name is None else ("body", name)
        raise RequestValidationError([{"loc": location, "msg": str(error)}]) from None
