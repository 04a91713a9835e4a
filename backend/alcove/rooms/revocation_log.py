"""Apply the revocations in the log to this process, and append those again that the log has lost (A7, W5, X8)."""

import asyncio
import logging
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import REVOCATIONS_ITEM, Revocation, Revocations
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.internal_records import append_record, record_draft
from alcove.rooms.internal_room import InternalRoom
from alcove.rooms.sends import StoreDraft
from alcove.storage.base import LogUnavailableError
from alcove.storage.committer import QueueFullError

logger = logging.getLogger(__name__)

#: Seconds between two attempts to append revocations that the log has lost.
_RESTORE_S = 1.0
#: The number of entries above which the room is compacted.
_COMPACT_ENTRIES = 1000
#: Maximum number of revocations that wait for storage at a time.
_MAX_WAITING = 200


class RevocationLog:
    """The revocations in their internal room, each applied to the table of revocations and to open connections."""

    def __init__(
        self,
        revocations: Revocations,
        expiry: ExpiryWatch,
        rooms: RoomDirectory,
        store: StoreDraft,
    ) -> None:
        """Create the log; `follow` starts to apply it.

        Args:
            revocations: The table of revocations that credentials are checked against.
            expiry: Ends the connections that a revocation applies to.
            rooms: The rooms of this process.
            store: Appends a draft to the log.

        """
        self._revocations = revocations
        self._expiry = expiry
        self._rooms = rooms
        self._store = store
        #: The revocations found in the log since `restore` began to read it again; None: it is not being read again.
        self._found_in_log: set[Revocation] | None = None
        self._room = InternalRoom(REVOCATIONS_ITEM, Revocation, rooms, self._apply, logger)

    async def follow(self) -> None:
        """Apply the room's entries from the first one on; return when all existing entries are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        await self._room.follow()

    @property
    def is_long(self) -> bool:
        """Whether the room has so many more entries than revocations in force that it should be compacted."""
        return self._room.last_applied_seq - self._room.last_removed_seq > max(
            _COMPACT_ENTRIES, 2 * len(self._revocations)
        )

    async def compact(self) -> None:
        """Store the revocations in force again, and remove the earlier entries (InternalRoom.compact)."""
        await self._room.compact(self._replace_entries)

    async def _replace_entries(self) -> None:
        """Store all revocations in force again, then remove the earlier entries.

        The order does not matter, because only time ends a revocation.
        """
        upto, current = self._room.last_applied_seq, self._revocations.current()
        self._room.last_removed_seq = await self._rooms.remove_before(REVOCATIONS_ITEM, 0) - 1
        if not self.is_long:  # another process has compacted the room
            return
        for start in range(0, len(current), _MAX_WAITING):
            await asyncio.gather(
                *(
                    append_record(REVOCATIONS_ITEM, revocation, self._store)
                    for revocation in current[start : start + _MAX_WAITING]
                )
            )
        self._room.last_removed_seq = await self._rooms.remove_before(REVOCATIONS_ITEM, upto + 1) - 1

    async def restore(self) -> None:
        """Read the log again from the beginning, and append the revocations that it has lost.

        Retry until all of them are stored (A7, X8).
        """
        before = self._revocations.current()
        self._found_in_log = set()
        missing: list[Revocation] | None = None
        while True:
            try:
                if missing is None:
                    await self.follow()
                    found, self._found_in_log = self._found_in_log or set(), None
                    missing = [revocation for revocation in before if revocation not in found]
                while missing:
                    # Every process that knows the revocation sends the same id, so the log stores it once (S5).
                    id_ = _restored_id(missing[-1])
                    await self._store(record_draft(REVOCATIONS_ITEM, missing[-1], id_))
                    missing.pop()
            except (LogUnavailableError, QueueFullError) as error:
                logger.warning("revocations that the log has lost cannot be stored again yet: %s", error)
                await asyncio.sleep(_RESTORE_S)
            else:
                return

    def _apply(self, revocation: Revocation, _seq: int) -> None:
        """Apply one revocation to the table and to open connections; while restoring, record that the log has it."""
        if self._found_in_log is not None:
            # Without a date, as `Revocations.current` returns those of single tokens.
            self._found_in_log.add(revocation if revocation.digest is None else replace(revocation, at=0))
        self._revocations.add(revocation)
        self._expiry.end_revoked(revocation)


def _restored_id(revocation: Revocation) -> str:
    """Derive the entry id under which every process appends the same lost revocation, so that it is stored once."""
    return sha256(b"again " + msgspec.json.encode(revocation)).hexdigest()
