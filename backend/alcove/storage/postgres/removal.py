"""Delete rooms and erase members in a PostgreSQL log, in short transactions (W11, W14)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alcove.storage.deleted_rooms import MAX_REMOVED_ROWS
from alcove.storage.queries import load_queries

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Seconds that the vacuum after an erasure may take.
_VACUUM_S = 3600.0


async def hide_room(connection: Any, item: str) -> str | None:
    """Give an item's room a new number and history, under which it is empty; its rows stay under the old number.

    Returns:
        The id of the new history; None: the item has no room.

    """
    async with connection.transaction():
        room = await connection.fetchval(_SQL["room_to_delete"], item)
        if room is None:
            return None
        log_id = await connection.fetchval(_SQL["empty_room"], room)
        await connection.execute(_SQL["hide_room"], room)
        await connection.execute(_SQL["delete_positions"], room)
    return str(log_id)


async def remove_before(connection: Any, item: str, seq: int) -> int:
    """Remove the first entries of a room, and their ids (Log.remove_before)."""
    async with connection.transaction():
        row = await connection.fetchrow(_SQL["room_to_trim"], item)
        if row is None:
            return 1
        room, oldest, head = row
        first = min(seq, head)
        if first <= oldest:
            return int(oldest)
        for query in ("trim_entries", "trim_ids", "trim_room"):
            await connection.execute(_SQL[query], room, first)
    return int(first)


async def remove_deleted(connection: Any) -> bool:
    """Remove some rows of a hidden room in one transaction; return False if there is none."""
    room = await connection.fetchval(_SQL["deleted_room"])
    if room is None:
        return False
    async with connection.transaction():
        oldest = await connection.fetchval(_SQL["lock_deleted_room"], room)
        if oldest is None:  # another process has removed the room
            return True
        remaining = MAX_REMOVED_ROWS - await connection.fetchval(_SQL["remove_entries"], room, oldest, MAX_REMOVED_ROWS)
        for query in ("remove_ids", "remove_marks"):
            if remaining > 0:
                remaining -= int((await connection.execute(_SQL[query], room, remaining)).split()[-1])
        if remaining > 0:
            await connection.execute(_SQL["remove_imported"], room)
            await connection.execute(_SQL["remove_room"], room)
    return True


async def erase_member(connection: Any, items: Sequence[str], member: str) -> None:
    """Erase the member from these rooms, and vacuum the tables to remove dead rows (Log.erase_member)."""
    position: tuple[int, str] | None = (0, "")
    while position is not None:
        async with connection.transaction():
            position = await _erase_some(connection, items, member, position)
    await connection.execute("VACUUM alcove.entries, alcove.marks", timeout=_VACUUM_S)


async def _erase_some(
    connection: Any, items: Sequence[str], member: str, start: tuple[int, str]
) -> tuple[int, str] | None:
    """Erase up to `MAX_REMOVED_ROWS` of the member's entries, beginning at a position.

    Args:
        connection: The connection to use, inside a transaction.
        items: The items of the rooms.
        member: The member's id.
        start: The index of an item, and the id of the last erased entry of its room ("": none).

    Returns:
        The position to continue at; None: everything is erased.

    """
    first_index, after = start
    index, remaining = first_index, MAX_REMOVED_ROWS
    while remaining > 0 and index < len(items):
        count, last = await connection.fetchrow(_SQL["erase_author"], items[index], member, after, remaining)
        remaining -= count
        if remaining <= 0:
            after = last
        else:
            index, after, remaining = index + 1, "", remaining - 1
    await connection.execute(_SQL["delete_marks_of_member"], list(items[first_index:index]), member)
    return (index, after) if index < len(items) else None
