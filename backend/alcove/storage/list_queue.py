"""The queue of lists of rooms: one at a time, so that the storage stays free for joins, and not too many waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alcove.observability.metrics import LIMITS
from alcove.storage.base import ListLimits, ListRefusedError


class ListQueue:
    """Lets one list at a time ask the storage."""

    def __init__(self, limits: ListLimits) -> None:
        self._limits = limits
        self._waiting = 0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn. Raises ListRefusedError where too many others wait."""
        if self._waiting >= self._limits.waiting:
            LIMITS.labels("lists_waiting").inc()
            raise ListRefusedError(f"{self._waiting} lists of rooms wait already; try again soon")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    def took_too_long(self) -> ListRefusedError:
        """Count a list that was given up; return the error to raise."""
        LIMITS.labels("list_seconds").inc()
        seconds = self._limits.seconds
        return ListRefusedError(f"the list took longer than {seconds:g} s; ask for fewer items, as by `prefix`")
