"""Store revocations and bans in the log, and apply those of all processes to this one (A7, A8, W5, W15)."""

from collections.abc import Callable

from alcove.access.bans import BANS_ITEM, Ban, Bans
from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import REVOCATIONS_ITEM, Revocation, Revocations
from alcove.background import BackgroundTasks
from alcove.rooms.ban_log import BanLog
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.internal_records import append_record
from alcove.rooms.revocation_log import RevocationLog
from alcove.rooms.sends import StoreDraft


class AccessRecords:
    """The records that take access away: revocations and bans, each kind in its internal room."""

    def __init__(
        self,
        revocations: Revocations,
        bans: Bans,
        *,
        expiry: ExpiryWatch,
        rooms: RoomDirectory,
        store: StoreDraft,
        tasks: BackgroundTasks,
        on_bans_changed: Callable[[str], None],
    ) -> None:
        """Create the records; `follow` starts to apply them.

        Args:
            revocations: The table of revocations that credentials are checked against.
            bans: The table of bans that rights are restricted by.
            expiry: Ends the connections that a revocation or a ban applies to.
            rooms: The rooms of this process.
            store: Appends a draft to the log.
            tasks: Runs the tasks that compact an internal room, or read it again after its history was lost.
            on_bans_changed: Called with a member id when the bans of that member have changed.

        """
        self._rooms = rooms
        self._store = store
        self._tasks = tasks
        self._revocation_log = RevocationLog(revocations, expiry, rooms, store)
        self._ban_log = BanLog(bans, expiry, rooms, store, on_bans_changed)

    async def follow(self) -> None:
        """Apply all records in the log, and then every later one; return when the current ones are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        for item in (REVOCATIONS_ITEM, BANS_ITEM):
            self._rooms.keep(item)  # otherwise the room, which has no connections, would close with its observer
        await self._revocation_log.follow()
        await self._ban_log.follow()
        self._compact(self._revocation_log)
        self._compact(self._ban_log)

    def close(self) -> None:
        """Cancel the timer that ends bans."""
        self._ban_log.close()

    async def revoke(self, revocation: Revocation) -> None:
        """Store a revocation durably; every process then applies it. Raises as `Hub.revoke`."""
        await append_record(REVOCATIONS_ITEM, revocation, self._store)
        self._compact(self._revocation_log)

    async def ban(self, ban: Ban) -> None:
        """Store a ban or the end of one durably; every process then applies it. Raises as `Hub.ban`."""
        await self._ban_log.ban(ban)
        self._compact(self._ban_log)

    def _compact(self, log: RevocationLog | BanLog) -> None:
        """If the log has become long, start a task that compacts its room."""
        if log.is_long:
            self._tasks.spawn(log.compact())

    def history_lost(self, item: str) -> None:
        """Start to read the records again if the item is their room, whose history was lost (X8); ignore other items.

        Revocations that the log has lost are stored again.
        """
        if item == REVOCATIONS_ITEM:
            self._tasks.spawn(self._revocation_log.restore())
        elif item == BANS_ITEM:
            self._tasks.spawn(self._ban_log.follow_again())
