"""Poll the log for changed rooms, because messages of other processes may be missing (W10, X2)."""

import asyncio
from collections.abc import Callable
from math import inf

from alcove import background
from alcove.clock import now_ms
from alcove.storage.base import Log, LogUnavailableError

#: Seconds between two checks. While the bus may lose messages (X2), each check reads the changes from the log.
_CHECK_S = 1.0
#: Else every fifth check does, because processes of an earlier version publish no changes.
_CHECKS_PER_READ = 5
#: Milliseconds by which a room's time may precede its commit: clocks of machines differ, and a commit takes time.
_OVERLAP_MS = 60_000
#: Minimum seconds between two refreshes of all readers.
_REFRESH_S = 10.0


class ListCheck:
    """A periodic check of the log for changed rooms, while the list of rooms has readers."""

    def __init__(
        self,
        log: Log,
        has_readers: Callable[[], bool],
        is_complete: Callable[[], bool],
        *,
        limit: int,
        on_change: Callable[[str, int], None],
        refresh_readers: Callable[[], None],
    ) -> None:
        """Create a check; `start` runs it.

        Args:
            log: The log to read.
            has_readers: Returns whether the list has readers.
            is_complete: Returns whether the bus announces every change of other processes, if this process can know.
            limit: The maximum number of changed rooms in one read.
            on_change: Called with the item and head of each changed room.
            refresh_readers: Called when all readers must get the latest rooms again.

        """
        self._log = log
        self._has_readers = has_readers
        self._is_complete = is_complete
        self._limit = limit
        self._on_change = on_change
        self._refresh_readers = refresh_readers
        self._task: asyncio.Task[None] | None = None
        #: Whether changes may have been missed, and whether all readers must therefore get the latest rooms again.
        self._in_doubt = False
        self._refresh_due = False

    def start(self) -> None:
        """Start to poll until there are no readers; do nothing if it is running."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def doubt(self) -> None:
        """Record that messages may have been missed: the next check reads the log and refreshes all readers."""
        self._in_doubt = self._refresh_due = True

    async def close(self) -> None:
        """Cancel the task."""
        await background.cancel(self._task)

    async def _run(self) -> None:
        """Check once a second while there are readers, and refresh them at most every ten seconds."""
        loop = asyncio.get_running_loop()
        refreshed = -inf
        checks = 0
        try:
            while self._has_readers():
                checks += 1
                if self._in_doubt or not self._is_complete() or checks % _CHECKS_PER_READ == 0:
                    await self._read_changes()
                if self._refresh_due and loop.time() - refreshed >= _REFRESH_S:
                    # Read marks that moved meanwhile are in no list of changed rooms.
                    self._refresh_due = False
                    refreshed = loop.time()
                    self._refresh_readers()
                await asyncio.sleep(_CHECK_S)
        finally:
            self._task = None

    async def _read_changes(self) -> None:
        """Read which rooms changed in the last minute, and report each."""
        self._in_doubt = False
        try:
            rooms = await self._log.changed_since(now_ms() - _OVERLAP_MS, limit=self._limit)
        except LogUnavailableError:
            self._in_doubt = True
            return
        for item, head in rooms:
            self._on_change(item, head)
        if len(rooms) == self._limit:
            self._refresh_due = True
