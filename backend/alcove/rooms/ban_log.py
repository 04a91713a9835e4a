"""Read the internal room of bans, and apply each ban to the open connections of this process (A8, W15)."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from alcove.access.bans import BANS_ITEM, Ban, Bans, BanSnapshot
from alcove.access.expiry import ExpiryWatch
from alcove.clock import now_ms
from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS
from alcove.protocol import Access, encode
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.internal_records import append_record
from alcove.rooms.internal_room import InternalRoom, SnapshotType
from alcove.rooms.sends import StoreDraft
from alcove.storage.base import LogUnavailableError
from alcove.wire.connection import Frame

logger = logging.getLogger(__name__)

#: Seconds after which the clock is compared again with the end of a ban: the clock may be set, or the machine sleep.
_RECHECK_S = 1.0
#: Seconds between two attempts to read the room again.
_RETRY_S = 1.0
#: The number of entries above which the room is compacted.
_COMPACT_ENTRIES = 1000
#: Approximate number of bans in one snapshot.
_SNAPSHOT_BANS = 1000


class BanLog:
    """The bans in their internal room, which is durable and ordered: every process applies the same bans (X3)."""

    def __init__(
        self,
        bans: Bans,
        expiry: ExpiryWatch,
        rooms: RoomDirectory,
        store: StoreDraft,
        on_changed: Callable[[str], None],
    ) -> None:
        """Create the log; `follow` starts to apply it.

        Args:
            bans: The table of bans that rights are restricted by.
            expiry: Ends the connections of a member who is banned from everything.
            rooms: The rooms of this process.
            store: Appends a draft to the log.
            on_changed: Called with a member id when the bans of that member have changed.

        """
        self._bans = bans
        self._expiry = expiry
        self._rooms = rooms
        self._store = store
        self._on_changed = on_changed
        self._timer: asyncio.TimerHandle | None = None
        snapshots = SnapshotType(BanSnapshot, self._apply_snapshot)
        self._room = InternalRoom(BANS_ITEM, Ban, rooms, self._apply, logger, snapshots=snapshots)
        #: The seq of the last entry that a snapshot includes.
        self._snapshot_seq = 0

    def close(self) -> None:
        """Cancel the timer that ends bans."""
        if self._timer is not None:
            self._timer.cancel()

    async def ban(self, ban: Ban) -> None:
        """Store a ban, or the end of one; when this returns, it is durable and applied to this process.

        Raises:
            Refusal: The maximum number of bans is in force, or too many sends wait for storage.
            LogUnavailableError: The ban is not stored.

        """
        if not self._bans.can_add(ban):
            LIMITS.labels("bans").inc()
            raise Refusal(
                Code.OVERLOADED,
                Close.AT_CAPACITY,
                f"{self._bans.limit} bans count already, and no more may (ALCOVE_BANS): lift some, or give them an end",
            )
        await append_record(BANS_ITEM, ban, self._store)
        self._apply(ban)

    @property
    def is_long(self) -> bool:
        """Whether the room has so many more entries than bans in force that it should be compacted."""
        return self._room.last_applied_seq - max(self._room.last_removed_seq, self._snapshot_seq) > max(
            _COMPACT_ENTRIES, 2 * len(self._bans)
        )

    async def compact(self) -> None:
        """Store all bans in force in a few entries, and remove the earlier ones (InternalRoom.compact)."""
        await self._room.compact(self._replace_entries)

    async def _replace_entries(self) -> None:
        """Store snapshots of all bans in force, then remove the entries that they include; keep later entries."""
        if not self.is_long:  # this process, or another one, has compacted the room
            return
        upto = self._room.last_applied_seq
        for snapshot in self._bans.snapshots(upto, _SNAPSHOT_BANS, now_ms()):
            await append_record(BANS_ITEM, snapshot, self._store, snapshot=True)
        await self._rooms.remove_before(BANS_ITEM, upto + 1)

    async def follow(self) -> None:
        """Apply the room's entries from the first one on; return when the existing ones are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        self._snapshot_seq = 0
        self._bans.forget_entries()
        await self._room.follow()

    async def follow_again(self) -> None:
        """Read the room from the beginning after its history was lost; retry until that succeeds (X8).

        Bans that this process already knows stay in force until then.
        """
        while True:
            try:
                await self.follow()
            except LogUnavailableError:
                await asyncio.sleep(_RETRY_S)
            else:
                return

    def _apply_snapshot(self, snapshot: BanSnapshot) -> None:
        """Apply the bans of a snapshot that are new to this process, and end the bans that the snapshot lacks."""
        for ban in self._bans.apply_snapshot(snapshot, now_ms()):
            self._apply(ban)
        if snapshot.behind is None:  # it is the last of the snapshots that include all bans together
            self._snapshot_seq = max(self._snapshot_seq, snapshot.upto)

    def _apply(self, ban: Ban, seq: int = 0) -> None:
        """Apply a ban to the table and to open connections, and set the timer; `seq`: of its entry; 0: unknown."""
        self._bans.add(ban, now_ms(), seq)
        if ban.right == "all":
            self._expiry.end_banned(ban.member, ban.item, self._bans)
        self._apply_rights(ban)
        self._schedule()

    def _apply_rights(self, ban: Ban) -> None:
        """Update the rights of the member's open connections, and send an `access` line where they changed (A4)."""
        item_room = None if ban.item is None else self._rooms.find(ban.item)
        rooms = self._rooms.all() if ban.item is None else [] if item_room is None else [item_room]
        for room in rooms:
            for cursor, _ in room.cursors():
                member = cursor.member
                if member.person.id != ban.member or member.granted is None:
                    continue
                can = self._bans.restrict(member.granted, ban.member, room.item, now_ms())
                if can != member.can:
                    cursor.member = msgspec.structs.replace(member, can=can)
                    cursor.connection.write(Frame(encode(Access(sorted(can), member.expires_ms))))
        self._on_changed(ban.member)

    def _schedule(self) -> None:
        """Set the timer for the ban that ends next, or for `_RECHECK_S` from now if that is earlier."""
        self.close()
        self._timer = None
        if (end := self._bans.next_end()) is not None:
            remaining_s = max(0.0, (end - now_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(min(remaining_s, _RECHECK_S), self._lift_ended)

    def _lift_ended(self) -> None:
        """Remove the bans that have ended, give the members their rights back, and set the timer again."""
        for ban in self._bans.take_ended(now_ms()):
            self._apply_rights(ban)
        self._schedule()
