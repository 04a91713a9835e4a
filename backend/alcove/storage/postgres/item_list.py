"""List rooms of a PostgreSQL log, and count unread messages (W4, W10): by index, and within a time limit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alcove.item_ranges import Range, is_single
from alcove.storage.base import ItemSummary, NoSuchRoomError, UnreadCount
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: How many of the latest rooms are filtered before the ranges are searched: a member who may read many rooms finds
#: enough among these.
MAX_RECENT_ROOMS = 1000
#: A position (time, number) that comes before all rooms: the list is in descending order of both.
_START = (2**62, 0)


async def list_rooms(
    connection: Any, ranges: Sequence[Range], member: str, *, limit: int, seconds: float, before: str | None = None
) -> list[ItemSummary]:
    """List the rooms in the ranges, the latest written first, within a time limit (Log.list_rooms).

    Raises:
        asyncpg.QueryCanceledError: A statement takes more than `seconds`.
        NoSuchRoomError: The item `before` has no entries.

    """
    async with connection.transaction(readonly=True):
        await connection.execute("SELECT set_config('statement_timeout', $1, true)", str(max(1, int(seconds * 1000))))
        rooms = await find_rooms(connection, ranges, limit, before)
        rows = await connection.fetch(_SQL["list_rooms"], rooms, member)
    return [
        ItemSummary(item=item, head=head, last=None if last[0] is None else entry_from_row(last), unread=unread)
        for item, head, unread, *last in rows
    ]


async def find_rooms(connection: Any, ranges: Sequence[Range], limit: int, before: str | None = None) -> list[int]:
    """Find the numbers of the rooms in the ranges, the latest written first.

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
        position = await connection.fetchrow(_SQL["list_position"], before)
        if position is None:
            raise NoSuchRoomError(f"no entries in the room of {before}")
    if not all(map(is_single, ranges)):
        recent = max(limit, MAX_RECENT_ROOMS)
        bounds = [bound for bounds in ranges for bound in bounds]
        found, rooms = await connection.fetchrow(_SQL["recent_rooms"], recent, bounds, limit, *position)
        if len(rooms) >= limit or found < recent:
            return list(rooms)
    firsts, ends = [first for first, _ in ranges], [end for _, end in ranges]
    rows = await connection.fetch(_SQL["rooms_in_ranges"], firsts, ends, limit, *position)
    return [room for (room,) in rows]


async def count_unread(connection: Any, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
    """Count the unread messages of each pair of item and member, and read the heads (Log.count_unread)."""
    items, members = [item for item, _ in pairs], [member for _, member in pairs]
    rows = await connection.fetch(_SQL["count_unread"], items, members)
    return [UnreadCount(*row) for row in rows]
