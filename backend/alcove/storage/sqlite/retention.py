"""Remove from a SQLite log the entries that retention does not keep, and later their ids (L5)."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from alcove.clock import now_ms
from alcove.item_ids import is_internal
from alcove.limits import Retention
from alcove.storage.queries import load_queries
from alcove.storage.sqlite.connection import transaction
from alcove.storage.sqlite.rooms import RoomRow, save_rooms

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: The most rooms that one transaction of `remove_expired` takes (queries.sql has the same number).
_MAX_ROOMS = 100


class RetentionRules:
    """Applies the retention settings to rooms, on one connection."""

    def __init__(self, connection: sqlite3.Connection, retention: Retention) -> None:
        """Store the connection and the settings."""
        self._db = connection
        self._retention = retention

    def apply(self, rooms: Mapping[str, RoomRow]) -> None:
        """Remove the entries that retention does not keep; skip internal rooms. Call it inside a transaction.

        Args:
            rooms: The rooms to remove entries from, by item.

        """
        cutoff = self._retention.cutoff(now_ms())
        if cutoff is None and self._retention.entries is None:
            return
        for item, room in rooms.items():
            if not is_internal(item):
                self._remove(room, cutoff)

    def remove_expired(self) -> bool:
        """Remove expired entries from up to 100 rooms; return whether there may be more such rooms.

        This is for rooms that are not written to: `append` applies retention to the rooms that it writes to.
        """
        cutoff = self._retention.cutoff(now_ms())
        if cutoff is None:
            return False
        with transaction(self._db):
            rows = self._db.execute(_SQL["rooms_with_expired"], (cutoff,)).fetchall()
            rooms = {item: RoomRow(*row) for item, *row in rows}
            self.apply(rooms)
            save_rooms(self._db, rooms)
        return len(rows) == _MAX_ROOMS

    def delete_expired_ids(self) -> None:
        """Delete the expired ids of removed entries, in one transaction per room."""
        before = self._retention.ids_cutoff(now_ms())
        for (room,) in self._db.execute(_SQL["rooms_with_removed_entries"]).fetchall():
            self._db.execute(_SQL["delete_ids"], (room, before))

    def _remove(self, room: RoomRow, cutoff: int | None) -> None:
        """Remove the entries of a room beyond the number to keep, or older than `cutoff` (ms); keep their ids (S5)."""
        oldest = room.oldest
        if self._retention.entries is not None:
            oldest = max(oldest, room.head - self._retention.entries + 1)
        if cutoff is not None:
            first = self._db.execute(_SQL["first_seq_since"], (room.room, cutoff)).fetchone()
            oldest = max(oldest, first[0] if first else room.head + 1)
        if oldest > room.oldest:
            self._db.execute(_SQL["save_ids"], (room.room, oldest))
            self._db.execute(_SQL["delete_entries_before"], (room.room, oldest))
            room.oldest = oldest
