"""Poll the log for changed rooms, because messages of other processes may be missing (W10, X2)."""

import asyncio
from collections.abc import Callable
from math import inf

from alcove import background
from alcove.clock import now_ms
from alcove.storage.base import Log, LogUnavailableError

#: Seconds between two checks. While the bus may lose messages (X2), each check reads the changes from the log.
_CHECK_S = 1.0
#: While the bus announces every change, only one check in this many reads the log. These reads find the changes of
#: a process of an earlier version, which announces none, before this process knows of it.
_CHECKS_PER_READ = 5
#: How far back each read looks, in ms. A room's time may precede its commit by that much, because the clocks of
#: machines differ and a commit takes time.
_LOOK_BACK_MS = 60_000
#: Minimum seconds between two refreshes of all readers.
_REFRESH_S = 10.0


class ListCheck:
    """A periodic check of the log for changed rooms, while the list of rooms has readers."""

    def __init__(
        self,
        log: Log,
        has_readers: Callable[[], bool],
        bus_is_complete: Callable[[], bool],
        *,
        limit: int,
        on_change: Callable[[str, int], None],
        refresh_readers: Callable[[], None],
    ) -> None:
        """Create a check; `start` runs it.

        Args:
            log: The log to read.
            has_readers: Returns whether the list has readers.
            bus_is_complete: Returns whether the bus announces every change of other processes, as far as this
                process knows.
            limit: The maximum number of changed rooms in one read.
            on_change: Called with the item and head of each changed room.
            refresh_readers: Called when all readers must get the latest rooms again.

        """
        self._log = log
        self._has_readers = has_readers
        self._bus_is_complete = bus_is_complete
        self._limit = limit
        self._on_change = on_change
        self._refresh_readers = refresh_readers
        self._task: asyncio.Task[None] | None = None
        #: Whether changes may have been missed, so that the next check reads the log.
        self._may_have_gap = False
        #: Whether all readers must get the latest rooms again, because single changes do not suffice.
        self._refresh_due = False

    def start(self) -> None:
        """Poll in the background until there are no readers. If the poll already runs, do nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def report_gap(self) -> None:
        """Record that messages may have been missed: the next check reads the log and refreshes all readers."""
        self._may_have_gap = self._refresh_due = True

    async def close(self) -> None:
        """Stop polling."""
        await background.cancel(self._task)

    async def _run(self) -> None:
        """Check once a second while there are readers, and refresh them at most every ten seconds."""
        loop = asyncio.get_running_loop()
        refreshed = -inf
        checks = 0
        try:
            while self._has_readers():
                checks += 1
                if self._may_have_gap or not self._bus_is_complete() or checks % _CHECKS_PER_READ == 0:
                    await self._read_changes()
                if self._refresh_due and loop.time() - refreshed >= _REFRESH_S:
                    # `changed_since` does not report moved read marks: only a refresh shows them.
                    self._refresh_due = False
                    refreshed = loop.time()
                    self._refresh_readers()
                await asyncio.sleep(_CHECK_S)
        finally:
            self._task = None

    async def _read_changes(self) -> None:
        """Report each room that changed within `_LOOK_BACK_MS`; after a failed read, the next check reads again."""
        self._may_have_gap = False
        try:
            rooms = await self._log.changed_since(now_ms() - _LOOK_BACK_MS, limit=self._limit)
        except LogUnavailableError:
            self._may_have_gap = True
            return
        for item, head in rooms:
            self._on_change(item, head)
        if len(rooms) == self._limit:  # the read was cut there: other rooms may have changed, too
            self._refresh_due = True
