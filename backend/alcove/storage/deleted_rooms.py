"""Remove the rows of deleted rooms in short transactions, so that no room is too large to delete (W11)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from alcove import background
from alcove.storage.base import LogUnavailableError

#: Maximum rows that one transaction removes or erases.
MAX_REMOVED_ROWS = 500
#: Seconds between two searches for deleted rooms whose removal a process did not finish.
_INTERVAL_S = 60.0


class DeletedRoomRemover:
    """Removes the rows of hidden rooms: at the start, from time to time, and on request."""

    def __init__(self, remove_some: Callable[[], Awaitable[bool]], on_removed: Callable[[], object]) -> None:
        """Start to search for deleted rooms that still have rows.

        Args:
            remove_some: Removes some rows in one transaction; returns False if there are none.
            on_removed: Called after the rows of all deleted rooms were removed.

        """
        self._remove_some = remove_some
        self._on_removed = on_removed
        self._task = asyncio.create_task(self._remove_periodically())

    async def remove_all(self) -> None:
        """Remove all rows of deleted rooms. Raises LogUnavailableError."""
        if await self._remove_some():
            while await self._remove_some():
                pass
            self._on_removed()

    async def close(self) -> None:
        """Stop the search; the remaining rows are removed after the next start."""
        await background.cancel(self._task)

    async def _remove_periodically(self) -> None:
        """Remove all rows of deleted rooms now and once a minute, until cancelled."""
        while True:
            with suppress(LogUnavailableError):  # tried again after the interval
                await self.remove_all()
            await asyncio.sleep(_INTERVAL_S)
