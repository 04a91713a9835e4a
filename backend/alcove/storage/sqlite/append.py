"""Append drafts to a SQLite log: new messages in few statements, all other drafts one by one."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import UNSET, Raw

from alcove.protocol import Entry
from alcove.storage.base import Appended, Draft, Outcome, Position, Refused
from alcove.storage.imported import imported_ranges
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row, removed_entry
from alcove.storage.sqlite.connection import run_many, transaction
from alcove.storage.sqlite.retention import RetentionRules
from alcove.storage.sqlite.rooms import RoomRow, find_or_create_rooms, replace_lost_histories, save_rooms

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
_CONSUMERS = load_queries(Path(__file__).with_name("consumers.sql"))
#: Minimum bytes of a stored body. Shorter ones are padded with spaces, so that no change enlarges the row (004.sql).
_MIN_BODY_BYTES = 12


class Appender:
    """Stores batches of drafts on one connection."""

    def __init__(self, connection: sqlite3.Connection, retention: RetentionRules) -> None:
        """Create the appender of a connection, with the rules that remove old entries."""
        self._db = connection
        self._retention = retention

    def append(
        self, drafts: Sequence[Draft], io_pending: Callable[[], object], positions: Mapping[str, Position]
    ) -> list[Outcome]:
        """Store a batch in one transaction (Log.append).

        Args:
            drafts: The batch.
            io_pending: Called when only the commit is left.
            positions: The last positions of the drafts' rooms that this process has seen, by item.

        """
        if all(draft.kind == "message" for draft in drafts):
            with suppress(sqlite3.IntegrityError), transaction(self._db):
                outcomes = self._insert_messages(drafts, positions)
                self._record_imported(drafts, outcomes)
                io_pending()
                return outcomes
        # The batch has a draft of another kind or a repeated id, so every draft is checked.
        with transaction(self._db):
            rooms = self._load_rooms(drafts, positions)
            stored = [self._store(rooms[draft.item], draft) for draft in drafts]
            self._save(rooms)
            outcomes = [
                result
                if isinstance(result, Refused)
                else Appended(*result, oldest=rooms[draft.item].oldest, log=rooms[draft.item].log)
                for draft, result in zip(drafts, stored, strict=True)
            ]
            self._record_imported(drafts, outcomes)
            io_pending()
            return outcomes

    def _record_imported(self, drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> None:
        """Record which entries of the batch were imported (K1)."""
        if any(draft.imported for draft in drafts):
            self._db.executemany(
                _CONSUMERS["record_imported"], [imported._asdict() for imported in imported_ranges(drafts, outcomes)]
            )

    def _load_rooms(self, drafts: Sequence[Draft], positions: Mapping[str, Position]) -> dict[str, RoomRow]:
        """Read or create the rows of the drafts' rooms, by item; start a new history in rooms that lost entries."""
        rooms = find_or_create_rooms(self._db, (draft.item for draft in drafts))
        replace_lost_histories(self._db, rooms, positions)
        return rooms

    def _save(self, rooms: dict[str, RoomRow]) -> None:
        """Apply retention to the batch's rooms, and write their rows."""
        self._retention.apply(rooms)
        save_rooms(self._db, rooms)

    def _insert_messages(self, drafts: Sequence[Draft], positions: Mapping[str, Position]) -> list[Outcome]:
        """Store messages in few statements.

        Raises:
            sqlite3.IntegrityError: One of them repeats an id; the caller's transaction is rolled back.

        """
        values: list[object] = []
        entries = []
        rooms = self._load_rooms(drafts, positions)
        self._check_removed_ids(rooms, drafts)
        for draft in drafts:
            room = rooms[draft.item]
            room.head = seq = room.head + 1
            room.at = at = max(room.at, draft.at)
            by = draft.by
            body = draft.body if draft.body is not None else Raw(b"null")
            # An empty string stands for None: Python's driver takes longer to bind one None than all other values.
            picture, role = by.picture or "", by.role or ""
            values += (
                room.room,
                seq,
                draft.id,
                by.id,
                by.name,
                picture,
                role,
                at,
                str(body, "utf-8").ljust(_MIN_BODY_BYTES),
            )
            entries.append((room, Entry(seq, "message", draft.id, by, at, UNSET, body)))
        run_many(self._db, _SQL["insert_messages"], 9, values)
        self._save(rooms)
        return [Appended(entry, duplicate=False, oldest=room.oldest, log=room.log) for room, entry in entries]

    def _check_removed_ids(self, rooms: Mapping[str, RoomRow], drafts: Sequence[Draft]) -> None:
        """Check that no draft repeats the id of an entry that retention removed.

        Raises:
            sqlite3.IntegrityError: A draft repeats such an id.

        """
        if all(room.oldest == 1 for room in rooms.values()):
            return
        ids = [value for draft in drafts for value in (rooms[draft.item].room, draft.by.id, draft.id)]
        if run_many(self._db, _SQL["find_removed_ids"], 3, ids):
            raise sqlite3.IntegrityError("a draft has the id of a removed entry")

    def _store(self, room: RoomRow, draft: Draft) -> tuple[Entry, bool] | Refused:
        """Store one draft of any kind.

        Returns:
            The draft's entry and whether it was stored earlier; or why the draft is refused.

        """
        key = {"room": room.room, "by_id": draft.by.id, "id": draft.id}
        stored = self._db.execute(_SQL["find_id"], key).fetchone()
        if stored:
            return self._entry(room.room, stored[0]) or removed_entry(draft, *stored), True
        at = max(room.at, draft.at)
        if draft.target is not None:
            refused = self._change_target(room, draft, at)
            if refused:
                return refused
        room.head += 1
        room.at = at
        body = None if draft.body is None else bytes(draft.body).decode()
        by = draft.by
        author = by.id, by.name, by.picture or None, by.role or None
        values = (room.room, room.head, draft.kind, draft.id, *author, at, draft.target)
        self._db.execute(_SQL["insert_entry"], (*values, None if body is None else body.ljust(_MIN_BODY_BYTES)))
        target = UNSET if draft.target is None else draft.target
        stored_body = UNSET if draft.body is None else draft.body
        return Entry(room.head, draft.kind, draft.id, by, at, target, stored_body), False

    def _change_target(self, room: RoomRow, draft: Draft, at: int) -> Refused | None:
        """Apply an edit or delete to the draft's target at time `at` (ms since the epoch).

        Returns:
            Why the draft is refused (S8); None: it was applied.

        """
        target = self._entry(room.room, draft.target or 0)
        if target is None or target.kind != "message" or target.deleted is not UNSET:
            return Refused("invalid", f"entry {draft.target} is not a message that can be changed")
        if target.by.id != draft.by.id and not draft.moderate:
            return Refused("forbidden", f"message {draft.target} is another member's: only a moderator may change it")
        if draft.kind == "edit":
            self._db.execute(_SQL["edit_message"], (at, room.room, draft.target))
        else:
            self._db.execute(_SQL["delete_message"], (at, room.room, draft.target))
            self._db.execute(_SQL["erase_edits"], (room.room, draft.target))
        return None

    def _entry(self, room: int, seq: int) -> Entry | None:
        """Read one entry; None if the room does not have it."""
        row = self._db.execute(_SQL["entry"], (room, seq)).fetchone()
        return entry_from_row(row) if row else None
