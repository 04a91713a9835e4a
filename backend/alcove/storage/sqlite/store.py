"""What a log does to a SQLite file, on one connection and without a thread or a loop of its own."""

import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import UNSET, Raw

from alcove.clock import now_ms
from alcove.item_ranges import Range
from alcove.protocol import Entry
from alcove.storage.base import (
    Appended,
    Draft,
    ItemSummary,
    Outcome,
    Page,
    Position,
    Refused,
    Retention,
    RoomReadMark,
    RoomState,
    UnreadCount,
)
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row, removed_entry
from alcove.storage.sqlite.file import run_many, transaction
from alcove.storage.sqlite.item_list import changed_since, count_unread, entries_at, list_rooms, time_limit
from alcove.storage.sqlite.rooms import RoomRow, renew_lost, verify

_SQL = load_queries(Path(__file__).with_name("queries.sql"))

#: Milliseconds that one try to empty the write-ahead log waits for readers: writers wait as long.
_SCRUB_BUSY_MS = 100
#: Bytes that a body has at least (see sqlite/004.sql).
_FILLED = 12


def _filled(body: str) -> str:
    """A body as it is kept, with room for what a change adds to its row."""
    return body.ljust(_FILLED)


class SqliteStore:
    """A log's methods on one connection; the caller sees to it that one thread at a time uses it."""

    def __init__(self, connection: sqlite3.Connection, retention: Retention) -> None:
        self._db = connection
        self._retention = retention
        #: The history of rooms that have no row yet (R5).
        self._id: str = connection.execute(_SQL["log_id"]).fetchone()[0]

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: Callable[[], object] = lambda: None,
        seen: Mapping[str, Position] | None = None,
    ) -> list[Outcome]:
        """Store a batch (Log.append); `io_pending` is called when only the commit is left."""
        seen = seen or {}
        if all(draft.kind == "message" for draft in drafts):
            with suppress(sqlite3.IntegrityError), transaction(self._db):
                outcomes = self._append_new_messages(drafts, seen)
                io_pending()
                return outcomes
        # Some send came twice, or rewrites another: one by one.
        with transaction(self._db):
            rooms: dict[str, RoomRow] = {}
            self._find(rooms, drafts)
            renew_lost(self._db, rooms, seen)
            stored = [self._append_one(rooms[draft.item], draft) for draft in drafts]
            self._move(rooms)
            io_pending()
            return [
                one
                if isinstance(one, Refused)
                else Appended(*one, oldest=rooms[draft.item].oldest, log=rooms[draft.item].log)
                for draft, one in zip(drafts, stored, strict=True)
            ]

    def _append_new_messages(self, drafts: Sequence[Draft], seen: Mapping[str, Position]) -> list[Outcome]:
        """Store messages in few statements. Raises IntegrityError where one of their ids is known."""
        rooms: dict[str, RoomRow] = {}
        values: list[object] = []
        entries = []
        self._find(rooms, drafts)
        renew_lost(self._db, rooms, seen)
        self._check_removed(rooms, drafts)
        for draft in drafts:
            room = rooms[draft.item]
            room.head = seq = room.head + 1
            room.at = at = max(room.at, draft.at)
            by = draft.by
            body = draft.body if draft.body is not None else Raw(b"null")
            values += (room.room, seq, draft.id, by.id, by.name, at, _filled(str(body, "utf-8")))
            entries.append((room, Entry(seq, "message", draft.id, by, at, UNSET, body)))
        run_many(self._db, _SQL["add_messages"], 7, values)
        self._move(rooms)
        return [Appended(entry, duplicate=False, oldest=room.oldest, log=room.log) for room, entry in entries]

    def _check_removed(self, rooms: Mapping[str, RoomRow], drafts: Sequence[Draft]) -> None:
        """Raises IntegrityError where a draft's id is that of an entry which retention removed."""
        if all(room.oldest == 1 for room in rooms.values()):
            return
        ids = [value for draft in drafts for value in (rooms[draft.item].room, draft.by.id, draft.id)]
        if run_many(self._db, _SQL["known_ids_of_removed"], 3, ids):
            raise sqlite3.IntegrityError("an entry had this id that is removed")

    def _append_one(self, room: RoomRow, draft: Draft) -> tuple[Entry, bool] | Refused:
        """Store one draft, or say which entry stands for it (then True), or why there can be none."""
        sent = {"room": room.room, "by_id": draft.by.id, "id": draft.id}
        known = self._db.execute(_SQL["known_id"], sent).fetchone()
        if known:
            return self._entry(room.room, known[0]) or removed_entry(draft, *known), True
        at = max(room.at, draft.at)
        if draft.target is not None:
            refused = self._rewrite(room, draft, at)
            if refused:
                return refused
        room.head += 1
        room.at = at
        body = None if draft.body is None else bytes(draft.body).decode()
        row = (room.room, room.head, draft.kind, draft.id, draft.by.id, draft.by.name, at, draft.target)
        self._db.execute(_SQL["add_entry"], (*row, None if body is None else _filled(body)))
        return entry_from_row((*row[1:], body, None, None)), False

    def _rewrite(self, room: RoomRow, draft: Draft, at: int) -> Refused | None:
        """Edit or delete the draft's target, unless S8 forbids it."""
        target = self._entry(room.room, draft.target or 0)
        if target is None or target.kind != "message" or target.deleted is not UNSET:
            return Refused("invalid", f"entry {draft.target} is no message that could be changed")
        if target.by.id != draft.by.id and not draft.moderate:
            return Refused("forbidden", f"message {draft.target} is another member's; changing it takes `moderate`")
        if draft.kind == "edit":
            self._db.execute(_SQL["edit_entry"], (at, room.room, draft.target))
        else:
            self._db.execute(_SQL["delete_entry"], (at, room.room, draft.target))
            self._db.execute(_SQL["erase_edits"], (room.room, draft.target))
        return None

    def _find(self, rooms: dict[str, RoomRow], drafts: Sequence[Draft]) -> None:
        """Take the drafts' rooms from the file, made where there are none."""
        items = dict.fromkeys(draft.item for draft in drafts)
        for item, *row in run_many(self._db, _SQL["rooms"], 1, list(items)):
            rooms[item] = RoomRow(*row)
        for item in items:
            if item not in rooms:
                rooms[item] = RoomRow(*self._db.execute(_SQL["make_room"], (item,)).fetchone())

    def verify_history(self, item: str, seen: Position) -> str:
        """Compare what was seen of a room with what it holds (Log.verify)."""
        with transaction(self._db):
            return verify(self._db, item, seen) or self._id

    def _move(self, rooms: dict[str, RoomRow]) -> None:
        """Write down where the batch's rooms stand now, retention applied."""
        since = self._retention.cutoff(now_ms())
        for item, room in rooms.items():
            if not item.startswith("!"):
                self._apply_retention(room, since)
        values: list[object] = []
        for item, room in rooms.items():
            values += (room.room, item, room.head, room.oldest, room.at)
        run_many(self._db, _SQL["move_rooms"], 5, values)

    def _apply_retention(self, room: RoomRow, since: int | None) -> None:
        """Remove what the room need not keep (L5), and what was stored before `since`, in ms since the epoch."""
        oldest = room.oldest
        if self._retention.entries is not None:
            oldest = max(oldest, room.head - self._retention.entries + 1)
        if since is not None:
            first = self._db.execute(_SQL["first_kept_since"], (room.room, since)).fetchone()
            oldest = max(oldest, first[0] if first else room.head + 1)
        if oldest > room.oldest:
            self._db.execute(_SQL["keep_ids"], (room.room, oldest))
            self._db.execute(_SQL["remove_entries"], (room.room, oldest))
            room.oldest = oldest

    def scrub(self) -> bool:
        """Copy the write-ahead log into the file and empty it; False: somebody reads what it holds.

        Until then it holds what was erased from the file, which `secure_delete` overwrites.
        """
        (busy_ms,) = self._db.execute("PRAGMA busy_timeout").fetchone()
        self._db.execute(f"PRAGMA busy_timeout = {_SCRUB_BUSY_MS}")
        try:
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {busy_ms}")
        return not busy

    def sweep(self) -> bool:
        """Apply the retention by days to up to 100 rooms nobody writes to; True: there may be more."""
        since = self._retention.cutoff(now_ms())
        if since is None:
            return False
        with transaction(self._db):
            rows = self._db.execute(_SQL["rooms_kept_from_before"], (since,)).fetchall()
            self._move({item: RoomRow(*row) for item, *row in rows})
        return len(rows) == 100

    def forget_ids(self) -> None:
        """Forget ids of removed entries whose time is over, a room a transaction."""
        before = self._retention.ids_cutoff(now_ms())
        for (room,) in self._db.execute(_SQL["rooms_with_removed"]).fetchall():
            self._db.execute(_SQL["forget_ids"], (room, before))

    def read(self, item: str, after: int | None, before: int | None, limit: int, max_bytes: int) -> Page:
        """A page of entries (Log.read)."""
        with transaction(self._db, "DEFERRED"):
            row = self._db.execute(_SQL["room"], (item,)).fetchone()
            if row is None:
                return Page([], oldest=1, head=0, log=self._id)
            room = RoomRow(*row)
            if after is not None:
                rows = self._db.execute(_SQL["entries_after"], (room.room, after, limit))
            else:
                bound = room.head + 1 if before is None else before
                rows = self._db.execute(_SQL["entries_before"], (room.room, bound, limit))
            entries: list[Entry] = []
            size = 0
            for found in rows:
                size += len(found[7] or "") * 4 if found[7] and not found[7].isascii() else len(found[7] or "")
                if entries and size > max_bytes:
                    break
                entries.append(entry_from_row(found))
            rows.close()
        if after is None:
            entries.reverse()
        return Page(entries, oldest=room.oldest, head=room.head, log=room.log)

    def bus_key(self) -> bytes:
        """Return the key of the processes' messages; made where there is none."""
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO meta (key, value) VALUES ('bus_key', ?) ON CONFLICT DO NOTHING", [secrets.token_hex(32)]
            )
            [key] = self._db.execute("SELECT value FROM meta WHERE key = 'bus_key'").fetchone()
        return bytes.fromhex(key)

    def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The rooms' states (Log.rooms)."""
        states = {}
        for item in items:
            row = self._db.execute(_SQL["room"], (item,)).fetchone()
            if row is None:
                states[item] = RoomState(log=self._id, oldest=1, head=0, reads={})
            else:
                room = RoomRow(*row)
                reads = dict(self._db.execute(_SQL["marks"], (room.room,)).fetchall())
                states[item] = RoomState(log=room.log, oldest=room.oldest, head=room.head, reads=reads)
        return states

    def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log.mark)."""
        moved = now_ms()
        stand = []
        with transaction(self._db):
            for mark in marks:
                row = self._db.execute(_SQL["room"], (mark.item,)).fetchone()
                if row is None:
                    stand.append(RoomReadMark(mark.item, mark.member, 0))
                    continue
                room = RoomRow(*row)
                values = {"room": room.room, "member": mark.member, "seq": mark.seq, "head": room.head, "moved": moved}
                self._db.execute(_SQL["move_mark"], values)
                (seq,) = self._db.execute(_SQL["mark"], (room.room, mark.member)).fetchone()
                stand.append(RoomReadMark(mark.item, mark.member, seq))
        return stand

    def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, seconds: float, before: str | None
    ) -> list[ItemSummary]:
        """Rooms in the ranges, latest first (Log.list_rooms). Raises SlowListError after so many seconds."""
        with time_limit(self._db, seconds), transaction(self._db, "DEFERRED"):
            return list_rooms(self._db, ranges, member, limit, before)

    def count_unread(self, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Return head and unread messages for each item and member (Log.count_unread)."""
        with transaction(self._db, "DEFERRED"):  # heads and counts of one moment
            return count_unread(self._db, wanted)

    def entries_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Return the entries at these items and seqs (Log.entries_at)."""
        return entries_at(self._db, places)

    def changed_since(self, at: int, limit: int) -> list[tuple[str, int]]:
        """Return rooms written to since then (Log.changed_since)."""
        return changed_since(self._db, at, limit)

    def check_writable(self) -> None:
        """Write and commit something small (Log.check)."""
        with transaction(self._db):
            self._db.execute(_SQL["check"], (str(now_ms()),))

    def _entry(self, room: int, seq: int) -> Entry | None:
        row = self._db.execute(_SQL["entry"], (room, seq)).fetchone()
        return entry_from_row(row) if row else None
