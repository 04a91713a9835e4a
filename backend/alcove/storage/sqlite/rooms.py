"""Rows of a SQLite log's rooms, and new histories for rooms that lost entries."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alcove.storage.base import Position
from alcove.storage.queries import load_queries
from alcove.storage.sqlite.file import run_many

_SQL = load_queries(Path(__file__).with_name("queries.sql"))


@dataclass(slots=True)
class RoomRow:
    """A room's row while a transaction uses it; `log` is the id of its history (R5)."""

    room: int
    head: int
    oldest: int
    at: int
    log: str


def renew_lost(connection: sqlite3.Connection, rooms: Mapping[str, RoomRow], seen: Mapping[str, Position]) -> None:
    """Give a new history to rooms that hold less than what was seen of them, or another entry there (X8).

    What refers to lost entries is removed with it. Runs inside the caller's transaction.
    """
    lost: list[RoomRow] = []
    places: dict[int, RoomRow] = {}
    values: list[object] = []
    for item, position in seen.items():
        room = rooms[item]
        if room.log != position.log:
            continue  # another process has noticed it already
        if room.head < position.head:
            lost.append(room)
        elif position.at is not None and (room.head > position.head or room.at != position.at):
            places[room.room] = room
            values += (room.room, position.head, position.at)
    if values:
        lost += [places[number] for (number,) in run_many(connection, _SQL["rooms_with_another_entry"], 3, values)]
    for room in lost:
        (room.log,) = connection.execute(_SQL["renew_log"], (room.room,)).fetchone()
        connection.execute(_SQL["remove_entries_beyond"], (room.room, room.head))
        connection.execute(_SQL["forget_ids_beyond"], (room.room, room.head))
        connection.execute(_SQL["lower_marks"], {"room": room.room, "head": room.head})


def verify(connection: sqlite3.Connection, item: str, seen: Position) -> str | None:
    """Compare what was seen of a room with what it holds; return the id of its history, None if it has no row yet.

    Runs inside the caller's transaction.
    """
    row = connection.execute(_SQL["room"], (item,)).fetchone()
    if row is None:
        if not seen.head:
            return None
        row = connection.execute(_SQL["make_room"], (item,)).fetchone()
    room = RoomRow(*row)
    renew_lost(connection, {item: room}, {item: seen})
    return room.log
