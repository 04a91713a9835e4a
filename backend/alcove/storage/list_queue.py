"""Queue the lists of rooms that are read: one is read at a time, and a bounded number waits (W4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alcove.limits import ListLimits
from alcove.observability.metrics import LIMITS
from alcove.storage.base import ListRefusedError


class ListQueue:
    """Lets one list of rooms at a time use the storage, so that the storage stays free for joins."""

    def __init__(self, limits: ListLimits) -> None:
        """Create an empty queue with these limits."""
        self._limits = limits
        #: The number of lists that wait or are being read.
        self._waiting = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until no other list is being read; further lists then wait until the `async with` block ends.

        Raises:
            ListRefusedError: Too many lists are waiting.

        """
        if self._waiting >= self._limits.waiting_lists:
            LIMITS.labels("lists_waiting").inc()
            raise ListRefusedError(f"{self._waiting} lists of rooms are waiting already; try again soon")
        self._waiting += 1
        try:
            async with self._lock:
                yield
        finally:
            self._waiting -= 1

    def timeout_error(self) -> ListRefusedError:
        """Count a list that was cancelled because it took too long, and create the error for it."""
        LIMITS.labels("list_seconds").inc()
        seconds = self._limits.seconds
        return ListRefusedError(f"reading the list took longer than {seconds:g} s; ask for fewer items, as by `prefix`")
