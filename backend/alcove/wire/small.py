"""Parse a read that is one small text frame: the fast path before the full parser (RFC 6455, section 5)."""

from typing import Final

from websockets.speedups import apply_mask

from alcove.wire.encoding import TEXT

#: Maximum bytes of a frame that `parse_small_text` accepts; less than any limit on messages and on a turn's work.
SMALL_BYTES: Final = 1024
#: The first byte of a whole text message: FIN bit and opcode.
_FIRST_BYTE: Final = TEXT | 0x80


def parse_small_text(data: bytes) -> str | None:
    """Return the text if `data` is exactly one whole text frame of at most SMALL_BYTES, as most reads are.

    Return None for anything else, also for a malformed frame: the full parser parses it, or reports the violation.
    """
    length = len(data)
    if not 6 <= length <= SMALL_BYTES or data[0] != _FIRST_BYTE:
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
