"""Apply the records of an internal room to this process, in the order of the log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from logging import Logger
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Struct

from alcove.errors import Refusal
from alcove.protocol import Entry
from alcove.rooms.directory import RoomDirectory
from alcove.storage.base import LogUnavailableError

T = TypeVar("T", bound=Struct)
S = TypeVar("S", bound=Struct)


class SnapshotType(NamedTuple, Generic[S]):
    """How the snapshots of an internal room are decoded and applied."""

    #: The type of a snapshot.
    record_type: type[S]
    #: Called with each snapshot.
    apply: Callable[[S], None]


class InternalRoom(Generic[T]):
    """An internal room whose entries are decoded as records and passed to a function, in the order of the log."""

    def __init__(
        self,
        item: str,
        record_type: type[T],
        rooms: RoomDirectory,
        apply_record: Callable[[T, int], None],
        logger: Logger,
        *,
        snapshots: "SnapshotType[Any] | None" = None,
    ) -> None:
        """Create the room; `follow` starts it.

        Args:
            item: The item of the room, which no client can open.
            record_type: The type of the records.
            rooms: The rooms of this process, which must keep this one in memory.
            apply_record: Called with each record and the seq of its entry.
            logger: Reports entries that cannot be decoded.
            snapshots: How entries of the kind `event` are decoded and applied; None: the room has no such entries.

        """
        self._item = item
        self._record_type = record_type
        self._rooms = rooms
        self._apply_record = apply_record
        self._logger = logger
        self._snapshots = snapshots
        #: The seq of the last applied entry.
        self.last_applied_seq = 0
        #: The seq before the first entry that the log keeps.
        self.last_removed_seq = 0
        #: Set whenever entries have been applied.
        self._applied = asyncio.Event()
        self._compacting = False
        #: Whether `compact` was called while it was running.
        self._compact_again = False

    async def follow(self) -> None:
        """Apply the room's entries from the first one on; return when all existing entries are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        room = await self._rooms.get(self._item)
        self.last_applied_seq = self.last_removed_seq = room.oldest - 1
        room.observe(self.last_applied_seq, self._apply)
        while self.last_applied_seq < room.head:
            self._applied.clear()
            await self._applied.wait()

    async def compact(self, replace_entries: Callable[[], Awaitable[None]]) -> None:
        """Run `replace_entries`; a call while it runs lets it run once more after that.

        If storage fails, log a warning; a later call tries again.

        Args:
            replace_entries: Stores the records in force again, and removes the earlier entries; does nothing if the
                room is not long any more.

        """
        self._compact_again = True
        if self._compacting:
            return
        self._compacting = True
        try:
            # Entries that are stored during a compaction may make the room long again, and be the last for a while.
            while self._compact_again:
                self._compact_again = False
                await replace_entries()
        except (LogUnavailableError, Refusal) as error:
            self._logger.warning(
                "the list of %ss cannot be compacted yet: %s", self._record_type.__name__.lower(), error
            )
        finally:
            self._compacting = False

    def _apply(self, entries: Sequence[Entry]) -> None:
        """Decode and apply entries of the room, and wake `follow` (OnEntries)."""
        for entry in entries:
            if self._snapshots is not None and entry.kind == "event":
                if (snapshot := self._decode(entry, self._snapshots.record_type)) is not None:
                    self._snapshots.apply(snapshot)
            elif (record := self._decode(entry, self._record_type)) is not None:
                self._apply_record(record, entry.seq)
            self.last_applied_seq = entry.seq
        self._applied.set()

    def _decode(self, entry: Entry, record_type: type[S]) -> S | None:
        """Decode the record in an entry. Return None if there is no body, or this version cannot decode it.

        An entry that cannot be decoded is logged and skipped, so that the process can apply all later entries.
        """
        if entry.body is UNSET:
            return None
        try:
            return msgspec.json.decode(entry.body, type=record_type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            name = record_type.__name__.lower()
            self._logger.error("entry %d of %s is not a %s, and is skipped: %s", entry.seq, self._item, name, error)  # noqa: TRY400 - the entry is wrong, not this code: a traceback would not help
            return None
