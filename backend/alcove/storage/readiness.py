"""Check whether storage takes writes, so that `/readyz` keeps clients away if it does not (W7)."""

import asyncio
import time
from collections.abc import Callable

from alcove.storage.base import Log

#: Seconds within which storage must commit the write.
_TIMEOUT_S = 2.0
#: Seconds after a successful write during which no other write is needed.
_VALID_S = 1.0


class StorageCheck:
    """Checks the log with a small write, at most once a second and at most one at a time."""

    def __init__(self, log: Log, failing: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """Create a check that has not succeeded yet.

        Args:
            log: The log to write to.
            failing: Returns whether the last commit of sends failed; if so, an earlier successful write does not count.
            clock: Returns seconds of a monotonic clock.

        """
        self._log = log
        self._failing = failing
        self._clock = clock
        self._succeeded_at = float("-inf")
        self._write: asyncio.Task[None] | None = None

    async def writable(self) -> bool:
        """Return whether a write was committed within the last second, or is committed within two seconds from now.

        A write that takes longer continues in the background; the next check waits for it and starts no other.
        """
        if not self._failing() and self._clock() - self._succeeded_at < _VALID_S:
            return True
        if self._write is None or self._write.done():
            self._write = asyncio.create_task(self._log.check_writable())
            # Retrieves the exception, which asyncio would report if every caller had stopped waiting.
            self._write.add_done_callback(lambda done: done.cancelled() or done.exception())
        write = self._write
        await asyncio.wait([write], timeout=_TIMEOUT_S)
        if not write.done() or write.cancelled() or write.exception() is not None:
            return False
        self._succeeded_at = self._clock()
        return True
