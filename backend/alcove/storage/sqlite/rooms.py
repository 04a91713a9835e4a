"""Read and write the rows of rooms in a SQLite log, and start new histories in rooms that have lost entries.

Every function must be called inside a transaction.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alcove.storage.base import Position
from alcove.storage.deleted_rooms import MAX_REMOVED_ROWS
from alcove.storage.queries import load_queries
from alcove.storage.sqlite.connection import run_many

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
_CONSUMERS = load_queries(Path(__file__).with_name("consumers.sql"))


@dataclass(slots=True)
class RoomRow:
    """The row of a room, while a transaction changes it."""

    #: The number that represents the item in other tables.
    room: int
    #: The seq of the last entry; 0: none.
    head: int
    #: The first seq that the room keeps.
    oldest: int
    #: The time of the last entry, in ms since the epoch.
    at: int
    #: The id of the room's history (R5).
    log: str


def find_or_create_rooms(connection: sqlite3.Connection, items: Iterable[str]) -> dict[str, RoomRow]:
    """Read the rows of the items' rooms, and create those that are missing."""
    items = list(dict.fromkeys(items))
    rooms = {item: RoomRow(*row) for item, *row in run_many(connection, _SQL["rooms"], 1, items)}
    for item in items:
        if item not in rooms:
            rooms[item] = RoomRow(*connection.execute(_SQL["create_room"], (item,)).fetchone())
    return rooms


def save_rooms(connection: sqlite3.Connection, rooms: Mapping[str, RoomRow]) -> None:
    """Write the rows of rooms, which are given by item."""
    values: list[object] = []
    for item, room in rooms.items():
        values += (room.room, item, room.head, room.oldest, room.at)
    run_many(connection, _SQL["save_rooms"], 5, values)


def replace_lost_histories(
    connection: sqlite3.Connection, rooms: Mapping[str, RoomRow], positions: Mapping[str, Position]
) -> None:
    """Start a new history in each room that has lost entries that a process has seen (X8).

    A room has lost entries if it ends before the position, or if its entry at the position has a different timestamp.
    Ids and read marks that refer to lost entries are removed with the old history.

    Args:
        connection: The connection to use.
        rooms: The rows of the rooms, by item; their `log` is updated.
        positions: The last positions that a process has seen, by item.

    """
    lost: list[RoomRow] = []
    # The rooms whose entries must be compared, by number.
    to_compare: dict[int, RoomRow] = {}
    values: list[object] = []
    for item, position in positions.items():
        room = rooms[item]
        if room.log != position.log:
            continue  # another process has noticed the loss already
        if room.head < position.head:
            lost.append(room)
        elif position.at is not None and (room.head > position.head or room.at != position.at):
            to_compare[room.room] = room
            values += (room.room, position.head, position.at)
    if values:
        rows = run_many(connection, _SQL["rooms_with_different_entry"], 3, values)
        lost += [to_compare[number] for (number,) in rows]
    for room in lost:
        (room.log,) = connection.execute(_SQL["start_history"], (room.room,)).fetchone()
        connection.execute(_SQL["delete_entries_after"], (room.room, room.head))
        connection.execute(_SQL["delete_ids_after"], (room.room, room.head))
        connection.execute(_SQL["lower_read_marks"], {"room": room.room, "head": room.head})
        parameters = {"room": room.room, "head": room.head, "log": room.log}
        for query in ("move_positions_to_history", "delete_imported_after", "shorten_imported"):
            connection.execute(_CONSUMERS[query], parameters)


def hide_room(connection: sqlite3.Connection, item: str) -> str | None:
    """Hide an item's room, and create an empty one with a new history; `remove_deleted` removes the hidden rows.

    Returns:
        The id of the new history; None: the item has no room.

    """
    row = connection.execute(_SQL["room"], (item,)).fetchone()
    if row is None:
        return None
    room = RoomRow(*row).room
    connection.execute(_SQL["hide_room"], (room,))
    connection.execute(_CONSUMERS["delete_positions"], (room,))
    return str(connection.execute(_SQL["create_empty_room"], (item,)).fetchone()[0])


def remove_before(connection: sqlite3.Connection, item: str, seq: int) -> int:
    """Remove the first entries of a room (Log.remove_before)."""
    row = connection.execute(_SQL["room"], (item,)).fetchone()
    if row is None:
        return 1
    room = RoomRow(*row)
    first = min(seq, room.head)
    if first > room.oldest:
        connection.execute(_SQL["delete_entries_before"], (room.room, first))
        room.oldest = first
        save_rooms(connection, {item: room})
    return room.oldest


def remove_deleted(connection: sqlite3.Connection) -> bool:
    """Remove some rows of a hidden room; return False if there is none."""
    room = connection.execute(_SQL["deleted_room"]).fetchone()
    if room is None:
        return False
    remaining = MAX_REMOVED_ROWS
    for query in ("remove_entries", "remove_ids", "remove_marks"):
        remaining -= connection.execute(_SQL[query], {"room": room[0], "limit": remaining}).rowcount
        if remaining <= 0:
            return True
    connection.execute(_CONSUMERS["delete_imported_after"], {"room": room[0], "head": 0})
    connection.execute(_SQL["remove_room"], room)
    return True


def erase_author(
    connection: sqlite3.Connection, items: Sequence[str], member: str, start: tuple[int, str]
) -> tuple[int, str] | None:
    """Erase the author of up to `MAX_REMOVED_ROWS` entries.

    In each room whose entries of the member are all erased then, delete the member's read mark as well.

    Args:
        connection: The connection to use.
        items: The items of the rooms.
        member: The member's id.
        start: The position to begin at: the index of an item, and the id of the last erased entry of its room, or "".

    Returns:
        The position to continue at; None: everything is erased.

    """
    index, after = start
    remaining = MAX_REMOVED_ROWS
    while remaining > 0 and index < len(items):
        room = connection.execute(_SQL["room"], (items[index],)).fetchone() or (None,)
        count, last = connection.execute(_SQL["next_of_author"], (room[0], member, after, remaining)).fetchone()
        connection.execute(_SQL["erase_author"], (room[0], member, after, last))
        remaining -= count
        if remaining <= 0:
            after = last
        else:
            connection.execute(_SQL["delete_mark"], (room[0], member))
            index, after, remaining = index + 1, "", remaining - 1
    return (index, after) if index < len(items) else None


def verify_history(connection: sqlite3.Connection, item: str, position: Position) -> str | None:
    """Check whether a room still has the entry at a position (Log.verify_history).

    Returns:
        The id of the room's history; None if the room has no row and was empty at the position.

    """
    row = connection.execute(_SQL["room"], (item,)).fetchone()
    if row is None:
        if not position.head:
            return None
        row = connection.execute(_SQL["create_room"], (item,)).fetchone()
    room = RoomRow(*row)
    replace_lost_histories(connection, {item: room}, {item: position})
    return room.log
