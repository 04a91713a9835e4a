"""The most common read: one small text frame, whole (RFC 6455, section 5)."""

from typing import Final

from websockets.speedups import apply_mask

from alcove.wire.rfc6455 import TEXT

#: The largest frame that `small_text` takes, in bytes: less than any bound on messages, or on the work of a turn.
SMALL_BYTES: Final = 1024
_FIRST: Final = TEXT | 0x80


def small_text(data: bytes) -> str | None:
    """Return the text where `data` is one whole text frame of at most SMALL_BYTES, as most reads are; else None.

    For the hot path: it makes no parser. Whatever is wrong with the frame is left to the parser.
    """
    length = len(data)
    if not 6 <= length <= SMALL_BYTES or data[0] != _FIRST:
        return None
    size, body = data[1] - 0x80, 6
    if size == 126:
        size, body = int.from_bytes(data[2:4], "big"), 8
    if length != body + size or size == 127:
        return None
    try:
        return apply_mask(data[body:], data[body - 4 : body]).decode()
    except UnicodeDecodeError:
        return None
