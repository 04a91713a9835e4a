"""The list of rooms in a PostgreSQL log (W4, W10): items by their key, prefixes by ranges, and bounded in time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alcove.item_ranges import Range, is_single
from alcove.storage.base import ItemSummary, NoSuchRoomError, UnreadCount
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Rooms last written to that are looked through first: whoever may read many finds enough among them.
RECENT = 1000
#: In front of every room of the list, which is ordered by time and number, the latest first.
_START = (2**62, 0)


async def list_rooms(
    connection: Any, ranges: Sequence[Range], member: str, *, limit: int, seconds: float, before: str | None = None
) -> list[ItemSummary]:
    """List rooms whose item is in one of the ranges, the latest written first; all behind `before` in that order.

    Raises asyncpg.QueryCanceledError after so many seconds, NoSuchRoomError where the item `before` has no entries.
    """
    async with connection.transaction(readonly=True):
        await connection.execute("SELECT set_config('statement_timeout', $1, true)", str(max(1, int(seconds * 1000))))
        rooms = await find_rooms(connection, ranges, limit, before)
        rows = await connection.fetch(_SQL["items"], rooms, member)
    return [
        ItemSummary(item=item, head=head, last=None if last[0] is None else entry_from_row(last), unread=unread)
        for item, head, unread, *last in rows
    ]


async def find_rooms(connection: Any, ranges: Sequence[Range], limit: int, before: str | None = None) -> list[int]:
    """Find the numbers of rooms whose item is in one of the ranges, the latest written first."""
    place = _START
    if before is not None:
        place = await connection.fetchrow(_SQL["place_in_list"], before)
        if place is None:
            raise NoSuchRoomError(f"no entries in the room of {before}")
    if not all(map(is_single, ranges)):
        recent = max(limit, RECENT)
        bounds = [bound for one in ranges for bound in one]
        looked_at, rooms = await connection.fetchrow(_SQL["recent_rooms"], recent, bounds, limit, *place)
        if len(rooms) >= limit or looked_at < recent:
            return list(rooms)
    firsts, ends = [first for first, _ in ranges], [end for _, end in ranges]
    rows = await connection.fetch(_SQL["rooms_in_ranges"], firsts, ends, limit, *place)
    return [room for (room,) in rows]


async def count_unread(connection: Any, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
    """Return head and unread messages for each pair of an item and a member (Log.count_unread)."""
    items, members = [item for item, _ in wanted], [member for _, member in wanted]
    rows = await connection.fetch(_SQL["unread_of"], items, members)
    return [UnreadCount(*row) for row in rows]
