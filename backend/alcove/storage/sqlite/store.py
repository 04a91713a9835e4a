"""Implement the methods of a log on one SQLite connection, synchronously and without threads."""

import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from alcove.clock import now_ms
from alcove.item_ranges import Range
from alcove.limits import Retention
from alcove.protocol import Entry
from alcove.storage.base import Draft, ItemSummary, Outcome, Page, Position, RoomReadMark, RoomState, UnreadCount
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row
from alcove.storage.sqlite.append import Appender
from alcove.storage.sqlite.connection import transaction
from alcove.storage.sqlite.item_list import changed_since, count_unread, entries_by_seq, list_rooms, time_limit
from alcove.storage.sqlite.retention import RetentionRules
from alcove.storage.sqlite.rooms import RoomRow, erase_author, hide_room, remove_before, remove_deleted, verify_history

T = TypeVar("T")

_SQL = load_queries(Path(__file__).with_name("queries.sql"))

#: Milliseconds that a checkpoint waits for readers; writes wait for the checkpoint.
_CHECKPOINT_BUSY_MS = 100


class SqliteStore:
    """Runs the queries of a log on one SQLite connection. Not thread-safe: use it from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, retention: Retention) -> None:
        """Store the connection and the retention settings, and read the log's id."""
        self._db = connection
        self._retention = RetentionRules(connection, retention)
        self._appender = Appender(connection, self._retention)
        #: The id of the log, which is also the history id of rooms that have no row yet (R5).
        self._log_id: str = connection.execute(_SQL["log_id"]).fetchone()[0]

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: Callable[[], object] = lambda: None,
        positions: Mapping[str, Position] | None = None,
    ) -> list[Outcome]:
        """Store a batch (Log.append); `io_pending` is called when only the commit is left."""
        return self._appender.append(drafts, io_pending, positions or {})

    def verify_history(self, item: str, position: Position) -> str:
        """Check whether a room still has the entry at the position (Log.verify_history)."""
        with transaction(self._db):
            return verify_history(self._db, item, position) or self._log_id

    def read(self, item: str, after: int | None, before: int | None, limit: int, max_bytes: int) -> Page:
        """Read a page of entries (Log.read)."""
        with transaction(self._db, "DEFERRED"):
            row = self._db.execute(_SQL["room"], (item,)).fetchone()
            if row is None:
                return Page([], oldest=1, head=0, log=self._log_id)
            room = RoomRow(*row)
            if after is not None:
                rows = self._db.execute(_SQL["entries_after"], (room.room, after, limit))
            else:
                bound = room.head + 1 if before is None else before
                rows = self._db.execute(_SQL["entries_before"], (room.room, bound, limit))
            entries: list[Entry] = []
            size = 0
            for entry_row in rows:
                body = entry_row[7] or ""
                # A character has up to four bytes; encoding each body only to measure it would cost more.
                size += len(body) if body.isascii() else 4 * len(body)
                if entries and size > max_bytes:
                    break
                entries.append(entry_from_row(entry_row))
            rows.close()
        if after is None:
            entries.reverse()
        return Page(entries, oldest=room.oldest, head=room.head, log=room.log)

    def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """Read the state of each room (Log.room_states)."""
        states = {}
        for item in items:
            row = self._db.execute(_SQL["room"], (item,)).fetchone()
            if row is None:
                states[item] = RoomState(log=self._log_id, oldest=1, head=0, reads={})
            else:
                room = RoomRow(*row)
                reads = dict(self._db.execute(_SQL["latest_read_marks"], (room.room,)).fetchall())
                states[item] = RoomState(log=room.log, oldest=room.oldest, head=room.head, reads=reads)
        return states

    def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log.move_read_marks)."""
        moved = now_ms()
        results = []
        with transaction(self._db):
            for mark in marks:
                row = self._db.execute(_SQL["room"], (mark.item,)).fetchone()
                if row is None:
                    results.append(RoomReadMark(mark.item, mark.member, 0))
                    continue
                room = RoomRow(*row)
                values = {"room": room.room, "member": mark.member, "seq": mark.seq, "head": room.head, "moved": moved}
                self._db.execute(_SQL["move_read_mark"], values)
                (seq,) = self._db.execute(_SQL["read_mark"], (room.room, mark.member)).fetchone()
                results.append(RoomReadMark(mark.item, mark.member, seq))
        return results

    def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, seconds: float, before: str | None
    ) -> list[ItemSummary]:
        """List the rooms in the ranges (Log.list_rooms).

        Raises:
            SlowListError: It takes more than `seconds`.

        """
        with time_limit(self._db, seconds), transaction(self._db, "DEFERRED"):
            return list_rooms(self._db, ranges, member, limit, before)

    def count_unread(self, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Count the unread messages of each item and member (Log.count_unread)."""
        with transaction(self._db, "DEFERRED"):  # so that heads and counts are of the same moment
            return count_unread(self._db, pairs)

    def entries_by_seq(self, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Read the entries with these pairs of item and seq (Log.entries_by_seq)."""
        return entries_by_seq(self._db, item_seqs)

    def changed_since(self, at: int, limit: int) -> list[tuple[str, int]]:
        """List the rooms whose last entry has the time `at` or later (Log.changed_since)."""
        return changed_since(self._db, at, limit)

    def read_marks(self, item: str, first: str, limit: int) -> list[RoomReadMark]:
        """List read marks of a room (Log.read_marks)."""
        row = self._db.execute(_SQL["room"], (item,)).fetchone()
        rows = [] if row is None else self._db.execute(_SQL["marks_from"], (row[0], first, limit)).fetchall()
        return [RoomReadMark(item, member, seq) for member, seq in rows]

    def rooms_of_member(self, member: str) -> list[str]:
        """List the rooms in which the member has entries or a read mark (Log.rooms_of_member)."""
        return [item for (item,) in self._db.execute(_SQL["rooms_of_member"], {"member": member}).fetchall()]

    def entries_of_member(self, item: str, member: str, after: int, limit: int) -> list[Entry]:
        """Read entries that the member wrote in a room (Log.entries_of_member)."""
        row = self._db.execute(_SQL["room"], (item,)).fetchone()
        values = (None if row is None else row[0], member, after, limit)
        return [
            entry_from_row(entry_row) for entry_row in self._db.execute(_SQL["entries_of_member"], values).fetchall()
        ]

    def seqs_of(self, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """Return the seqs of stored entries by item, author and id (Log.seqs_of)."""
        seqs: dict[tuple[str, str, str], int] = {}
        with transaction(self._db, "DEFERRED"):
            for item, by, id_ in keys:
                row = self._db.execute(_SQL["seq_of"], (item, by, id_, item, by, id_)).fetchone()
                if row is not None:
                    seqs[item, by, id_] = row[0]
        return seqs

    def erase_author(self, items: Sequence[str], member: str, start: tuple[int, str]) -> tuple[int, str] | None:
        """Erase the member from some entries of rooms; return the position to continue at (rooms.erase_author)."""
        with transaction(self._db):
            return erase_author(self._db, items, member, start)

    def delete_room(self, item: str) -> str:
        """Hide a room (Log.delete_room)."""
        with transaction(self._db):
            return hide_room(self._db, item) or self._log_id

    def remove_before(self, item: str, seq: int) -> int:
        """Remove the first entries of a room (Log.remove_before)."""
        with transaction(self._db):
            return remove_before(self._db, item, seq)

    def remove_deleted(self) -> bool:
        """Remove some rows of hidden rooms; return False if there are none."""
        with transaction(self._db):
            return remove_deleted(self._db)

    def with_connection(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call a function with the connection, and return its result. `SqliteConsumers` runs its queries with this."""
        return function(self._db)

    def bus_key(self) -> bytes:
        """Read the key for messages between processes; generate it at the first call (Log.bus_key)."""
        with transaction(self._db):
            self._db.execute(_SQL["create_bus_key"], (secrets.token_hex(32),))
            (key,) = self._db.execute(_SQL["bus_key"]).fetchone()
        return bytes.fromhex(key)

    def check_writable(self) -> None:
        """Commit a small write (Log.check_writable)."""
        with transaction(self._db):
            self._db.execute(_SQL["check_writable"], (str(now_ms()),))

    def remove_expired(self) -> bool:
        """Remove expired entries from up to 100 rooms; return whether there may be more such rooms."""
        return self._retention.remove_expired()

    def delete_expired_ids(self) -> None:
        """Delete the expired ids of removed entries."""
        self._retention.delete_expired_ids()

    def checkpoint(self) -> bool:
        """Copy the write-ahead log into the file and empty it; return False if a reader prevents that.

        Until then, the write-ahead log still contains text that was erased in the file.
        """
        (busy_ms,) = self._db.execute("PRAGMA busy_timeout").fetchone()
        self._db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_BUSY_MS}")
        try:
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {busy_ms}")
        return not busy
