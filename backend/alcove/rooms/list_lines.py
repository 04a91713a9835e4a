"""Encode the lines of the list of rooms, each room once for all its readers."""

from collections.abc import Iterable, Iterator, Sequence

from alcove.protocol import FRAME_BYTES, Entry, ItemChanged, encode
from alcove.storage.base import ItemSummary

#: The end of a line with 0 unread messages.
_NOTHING_UNREAD = b"0}"


def item_line(summary: ItemSummary) -> bytes:
    """Return the line of a room for one reader."""
    return encode(ItemChanged(summary.item, summary.head, summary.last, summary.unread))


def shared_line(item: str, head: int, last: Entry | None) -> bytes:
    """Return the beginning of a room's line, the same for all readers; `complete` adds the unread count."""
    line = encode(ItemChanged(item, head, last, unread=0))
    return line[: -len(_NOTHING_UNREAD)]


def complete(shared: bytes, unread: int) -> bytes:
    """Return the line of one reader: the shared beginning and its unread count, which is the last field."""
    return b"%b%d}" % (shared, unread)


def frames(lines: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the lines in groups that one frame may hold (FRAME_BYTES); a line that is larger gets a group to itself."""
    group: list[bytes] = []
    size = 0
    for line in lines:
        if group and size + len(line) > FRAME_BYTES:
            yield group
            group, size = [], 0
        group.append(line)
        size += len(line) + 1
    if group:
        yield group
