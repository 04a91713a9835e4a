"""The list of rooms in a SQLite log (W4, W10): items by their key, prefixes by ranges of it, and bounded in time."""

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
from alcove.storage.sqlite.file import run_many

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Rooms last written to that are looked through first: whoever may read many finds enough among them.
RECENT = 1000
#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 10_000

#: In front of every room of the list, which is ordered by time and number, the latest first.
_START = (2**62, 0)

#: A room as it is found: its number, item, head, and when it was last written to.
Found = tuple[int, str, int, int]


class SlowListError(Exception):
    """The time is over."""


@contextmanager
def time_limit(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt what runs on the connection after so many seconds. Raises SlowListError."""
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise SlowListError from None
        raise
    finally:
        connection.set_progress_handler(None, _STEPS)


def list_rooms(
    connection: sqlite3.Connection, ranges: Sequence[Range], member: str, limit: int, before: str | None = None
) -> list[ItemSummary]:
    """List rooms whose item is in one of the ranges (Log.list_rooms). Runs inside the caller's transaction."""
    found = [(item, head) for _, item, head, _ in find_rooms(connection, ranges, limit, before)]
    counts = count_unread(connection, [(item, member) for item, _ in found])
    last = entries_at(connection, found)
    return [ItemSummary(one.item, one.head, last.get((one.item, one.head)), one.unread) for one in counts]


def find_rooms(
    connection: sqlite3.Connection, ranges: Sequence[Range], limit: int, before: str | None = None
) -> list[Found]:
    """Find rooms whose item is in one of the ranges, the latest written first; all behind `before` in that order.

    Raises NoSuchRoomError where the item `before` has no entries.
    """
    place = _START
    if before is not None:
        place = connection.execute(_SQL["place_in_list"], (before,)).fetchone()
        if place is None:
            raise NoSuchRoomError(f"no entries in the room of {before}")
    if not all(map(is_single, ranges)):
        recent = max(limit, RECENT) if ranges != [ALL_ITEMS] else limit
        rows = connection.execute(_SQL["recent_rooms"], (*place, recent)).fetchall()
        found = [row for row in rows if contains(ranges, row[1])]
        if len(found) >= limit or len(rows) < recent:
            return found[:limit]
    best: list[Found] = []
    for first, end in ranges:
        best += connection.execute(_SQL["rooms_in_range"], (first, end, *place, limit))
        if len(best) > 8 * limit:
            best = _latest(best, limit)
    return _latest(best, limit)


def count_unread(connection: sqlite3.Connection, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
    """Return head and unread messages for each pair of an item and a member (Log.count_unread)."""
    values = [value for pair in dict.fromkeys(wanted) for value in pair]
    counts = {
        (item, member): UnreadCount(item, head, unread)
        for item, member, head, unread in run_many(connection, _SQL["unread_of"], 2, values)
    }
    return [counts.get(pair) or UnreadCount(pair[0], 0, 0) for pair in wanted]


def entries_at(connection: sqlite3.Connection, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
    """Return the entries at these items and seqs (Log.entries_at)."""
    values = [value for place in places for value in place]
    rows = run_many(connection, _SQL["entries_at"], 2, values)
    return {(item, row[0]): entry_from_row(row) for item, *row in rows}


def changed_since(connection: sqlite3.Connection, at: int, limit: int) -> list[tuple[str, int]]:
    """Return rooms written to at `at` or later (Log.changed_since)."""
    return connection.execute(_SQL["changed_since"], (at, limit)).fetchall()


def _latest(rooms: list[Found], limit: int) -> list[Found]:
    return heapq.nlargest(limit, rooms, key=lambda row: (row[3], row[0]))
