"""The list of rooms in a SQLite log (W4): exact items by their key, prefixes by ranges of it, and bounded in time."""

import heapq
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alcove.item_ranges import ALL_ITEMS, Range, contains, is_single
from alcove.storage.queries import load_queries

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Rooms last written to that are looked through first: whoever may read many finds enough among them.
RECENT = 1000
#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 10_000

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


def find_rooms(connection: sqlite3.Connection, ranges: Sequence[Range], limit: int) -> list[Found]:
    """Find rooms whose item is in one of the ranges, the latest written first."""
    if not all(map(is_single, ranges)):
        recent = max(limit, RECENT) if ranges != [ALL_ITEMS] else limit
        rows = connection.execute(_SQL["recent_rooms"], (recent,)).fetchall()
        found = [row for row in rows if contains(ranges, row[1])]
        if len(found) >= limit or len(rows) < recent:
            return found[:limit]
    best: list[Found] = []
    for first, end in ranges:
        best += connection.execute(_SQL["rooms_in_range"], (first, end, limit))
        if len(best) > 8 * limit:
            best = _latest(best, limit)
    return _latest(best, limit)


def _latest(rooms: list[Found], limit: int) -> list[Found]:
    return heapq.nlargest(limit, rooms, key=lambda row: (row[3], row[0]))
