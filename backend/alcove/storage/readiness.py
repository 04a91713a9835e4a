"""Whether storage takes writes: `/readyz` asks, so that clients are sent where their messages can be stored (W7)."""

import asyncio
import time
from collections.abc import Callable

from alcove.storage.base import Log

#: Seconds that storage has to answer.
_ANSWER_S = 2.0
#: Seconds for which the answer that it takes writes is not asked for again.
_FRESH_S = 1.0


class StorageCheck:
    """Writes something small to the log when it is asked, and no more often than is worth knowing."""

    def __init__(self, log: Log, failing: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """`failing` tells whether the last commit failed; then a fresh answer does not count."""
        self._log = log
        self._failing = failing
        self._clock = clock
        self._writable_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def writable(self) -> bool:
        """Tell whether a write was committed just now, within two seconds. A write that hangs ends by itself."""
        if not self._failing() and self._clock() - self._writable_at < _FRESH_S:
            return True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._log.check_writable())
            self._asking.add_done_callback(lambda done: done.cancelled() or done.exception())
        asking = self._asking
        await asyncio.wait([asking], timeout=_ANSWER_S)
        if not asking.done() or asking.cancelled() or asking.exception() is not None:
            return False
        self._writable_at = self._clock()
        return True
