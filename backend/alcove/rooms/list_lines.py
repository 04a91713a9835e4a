"""Encode the lines of the list of rooms; the part that all readers share is encoded once."""

from collections.abc import Iterable, Iterator, Sequence

from alcove.protocol import FRAME_BYTES, Entry, ItemChanged, encode
from alcove.storage.base import ItemSummary

#: The end of an encoded line with 0 unread messages: the value of its last field, and the brace.
_NOTHING_UNREAD = b"0}"


def item_line(summary: ItemSummary) -> bytes:
    """Encode the line of a room for one reader."""
    return encode(ItemChanged(summary.item, summary.head, summary.last, summary.unread))


def shared_line(item: str, head: int, last: Entry | None) -> bytes:
    """Encode the beginning of a room's line, which is the same for all readers; `complete_line` adds the unread count.

    Args:
        item: The item.
        head: The seq of the room's last entry; 0 if the room was deleted.
        last: The last entry; None if retention removed it.

    """
    line = encode(ItemChanged(item, head, last, unread=0))
    return line[: -len(_NOTHING_UNREAD)]


def complete_line(shared: bytes, unread: int) -> bytes:
    """Append a reader's unread count, the last field, to the shared beginning of a line."""
    return b"%b%d}" % (shared, unread)


def group_lines(lines: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield groups of lines, each of at most `FRAME_BYTES` for one frame; a longer line is a group by itself."""
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
