"""Encode masked client frames, and count received entries without decoding them."""

import os
import re
from typing import NamedTuple

#: Begins every body. Its first byte occurs nowhere else in a body, and no frame header can look like it.
MARK = b"^@=~=@"
_NUMBER_DIGITS, _TIME_DIGITS = 10, 16
#: Bytes of the head of a body, which is the mark, the number of the send and its time in µs.
HEAD_BYTES = len(MARK) + _NUMBER_DIGITS + _TIME_DIGITS
_HEAD = re.compile(re.escape(MARK) + rb"(\d{%d})(\d{%d})" % (_NUMBER_DIGITS, _TIME_DIGITS))


def body(number: int, due_us: int, size: int) -> str:
    """Return a body of `size` bytes with the number of its send in the room and the time in µs when it was due."""
    return f"{MARK.decode()}{number:0{_NUMBER_DIGITS}}{due_us:0{_TIME_DIGITS}}".ljust(size, "x")


def text_frame(text: str) -> bytes:
    """Return a final text frame, masked with a new key (RFC 6455, sections 5.2 and 5.3)."""
    payload = text.encode()
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    key = os.urandom(4)
    pad = (key * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return head + key + masked.to_bytes(size, "big")


class ScannedEntries(NamedTuple):
    """The entries that a piece of a stream contains."""

    entry_count: int
    #: The number of the first entry, and of the last one.
    first: int
    last: int
    #: The bytes of a head that is cut at the end of the piece.
    rest: bytes


def scan(data: bytes) -> ScannedEntries:
    """Count the entries in `data`, except for one whose head is cut at the end, which is returned as `rest`."""
    count = data.count(MARK)
    last = data.rfind(MARK)
    rest = b""
    if count and len(data) - last < HEAD_BYTES:
        rest, data = data[last:], data[:last]
        count -= 1
        last = data.rfind(MARK)
    elif (cut := data.rfind(MARK[:1], max(0, len(data) - len(MARK) + 1))) >= 0:
        rest = data[cut:]
    if not count:
        return ScannedEntries(0, 0, -1, rest)
    return ScannedEntries(count, _number(data, data.find(MARK)), _number(data, last), rest)


def heads(data: bytes) -> list[tuple[int, int]]:
    """Return the number and the time in µs of every entry in `data` whose head is complete."""
    return [(int(number), int(at)) for number, at in _HEAD.findall(data)]


def _number(data: bytes, at: int) -> int:
    return int(data[at + len(MARK) : at + len(MARK) + _NUMBER_DIGITS])
