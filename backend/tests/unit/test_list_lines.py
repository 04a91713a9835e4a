"""Test the lines of the list of rooms (W10): a room is encoded once for all readers, frames have a limited size."""

import msgspec

from alcove.protocol import FRAME_BYTES, Entry, ItemChanged, Person, raw
from alcove.rooms.list_lines import complete_line, group_lines, item_line, shared_line
from alcove.storage.base import ItemSummary

LAST_ENTRY = Entry(7, "message", "id", Person("ada", "Ada"), 1000, body=raw('tricky "0}'))


def test_w10_a_completed_shared_line_is_the_line_of_the_room() -> None:
    for last in (LAST_ENTRY, None):
        for unread in (0, 3, 1000):
            line = complete_line(shared_line("foo", 7, last), unread)
            assert item_line(ItemSummary("foo", 7, last, unread)) == line
            assert msgspec.json.decode(line, type=ItemChanged).unread == unread


def test_w10_f1_frames_hold_lines_in_order_up_to_their_bound() -> None:
    lines = [b"a" * (FRAME_BYTES // 2), b"b", b"c" * FRAME_BYTES, b"d"]

    assert [list(group) for group in group_lines(lines)] == [[lines[0], b"b"], [lines[2]], [b"d"]]
    assert list(group_lines([])) == []
