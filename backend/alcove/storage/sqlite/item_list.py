"""List rooms of a SQLite log, and count unread messages (W4, W10): by index, and within a time limit."""

import heapq
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alcove.item_ranges import ALL_ITEMS, Range, contains, is_single
from alcove.protocol import Entry
from alcove.storage.base import ItemSummary, NoSuchRoomError, UnreadCount
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row
from alcove.storage.sqlite.connection import run_many

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: How many of the latest rooms are filtered before the ranges are searched: a member who may read many rooms finds
#: enough among these.
MAX_RECENT_ROOMS = 1000
#: The rooms found in several ranges are reduced to the latest ones once they are this many times the limit.
_PRUNE_FACTOR = 8
#: SQLite instructions between two checks of the time.
_CHECK_INSTRUCTIONS = 10_000

#: A position (time, number) that comes before all rooms: the list is in descending order of both.
_START = (2**62, 0)

#: Number, item and head of a room in the list, and the time of its last entry.
_ListedRoom = tuple[int, str, int, int]


class SlowListError(Exception):
    """A list of rooms took longer than its time limit."""


@contextmanager
def time_limit(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt statements of the block that are still running after `seconds`.

    Raises:
        SlowListError: A statement was interrupted.

    """
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_INSTRUCTIONS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise SlowListError from None
        raise
    finally:
        connection.set_progress_handler(None, _CHECK_INSTRUCTIONS)


def list_rooms(
    connection: sqlite3.Connection, ranges: Sequence[Range], member: str, limit: int, before: str | None = None
) -> list[ItemSummary]:
    """List the rooms in the ranges, the latest written first (Log.list_rooms); call it inside a transaction."""
    readable = [(item, head) for _, item, head, _ in find_rooms(connection, ranges, limit, before)]
    counts = count_unread(connection, [(item, member) for item, _ in readable])
    last = entries_by_seq(connection, readable)
    return [ItemSummary(room.item, room.head, last.get((room.item, room.head)), room.unread) for room in counts]


def find_rooms(
    connection: sqlite3.Connection, ranges: Sequence[Range], limit: int, before: str | None = None
) -> list[_ListedRoom]:
    """Find the rooms in the ranges, the latest written first.

    Filters the latest rooms first, and searches the ranges one by one only if too few of the latest rooms match.

    Args:
        connection: The connection to use, inside a transaction.
        ranges: Ranges of items, ascending and disjoint.
        limit: The maximum number of rooms.
        before: Return only rooms that follow this item's room; None: from the start.

    Raises:
        NoSuchRoomError: The item `before` has no entries.

    """
    position = _START
    if before is not None:
        position = connection.execute(_SQL["list_position"], (before,)).fetchone()
        if position is None:
            raise NoSuchRoomError(f"no entries in the room of {before}")
    if not all(map(is_single, ranges)):
        recent = max(limit, MAX_RECENT_ROOMS) if ranges != [ALL_ITEMS] else limit
        rows = connection.execute(_SQL["recent_rooms"], (*position, recent)).fetchall()
        readable = [row for row in rows if contains(ranges, row[1])]
        if len(readable) >= limit or len(rows) < recent:
            return readable[:limit]
    rooms: list[_ListedRoom] = []
    for first, end in ranges:
        rooms += connection.execute(_SQL["rooms_in_range"], (first, end, *position, limit))
        if len(rooms) > _PRUNE_FACTOR * limit:
            rooms = _latest(rooms, limit)
    return _latest(rooms, limit)


def count_unread(connection: sqlite3.Connection, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
    """Count the unread messages of each pair of item and member, and read the heads (Log.count_unread)."""
    values = [value for pair in dict.fromkeys(pairs) for value in pair]
    counts = {
        (item, member): UnreadCount(item, head, unread)
        for item, member, head, unread in run_many(connection, _SQL["count_unread"], 2, values)
    }
    return [counts.get(pair) or UnreadCount(pair[0], 0, 0) for pair in pairs]


def entries_by_seq(
    connection: sqlite3.Connection, item_seqs: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Entry]:
    """Read the entries with these pairs of item and seq (Log.entries_by_seq)."""
    values = [value for item_seq in item_seqs for value in item_seq]
    rows = run_many(connection, _SQL["entries_by_seq"], 2, values)
    return {(item, row[0]): entry_from_row(row) for item, *row in rows}


def changed_since(connection: sqlite3.Connection, at: int, limit: int) -> list[tuple[str, int]]:
    """List the rooms whose last entry has the time `at` or later (Log.changed_since)."""
    return connection.execute(_SQL["changed_since"], (at, limit)).fetchall()


def _latest(rooms: list[_ListedRoom], limit: int) -> list[_ListedRoom]:
    """Return the `limit` rooms that were written to last, the latest first."""
    return heapq.nlargest(limit, rooms, key=lambda row: (row[3], row[0]))
