"""Empty the write-ahead log of SQLite after text was erased, so that no file keeps the text (S9)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from alcove import background
from alcove.storage.base import LogUnavailableError
from alcove.storage.sqlite.store import SqliteStore

logger = logging.getLogger(__name__)

#: Seconds between two checkpoints; one checkpoint removes all text erased since the one before.
_INTERVAL_S = 1.0
#: Seconds between two attempts while a reader prevents the checkpoint.
_RETRY_S = 0.25
#: Seconds that a reader may prevent the checkpoint before a warning is logged.
_REPORT_S = 5.0


class Checkpointer:
    """Runs `SqliteStore.checkpoint` on the writing thread when requested, and repeats it until it succeeds."""

    def __init__(self, run: Callable[[Callable[[SqliteStore], bool]], Awaitable[bool]], name: str) -> None:
        """Start to wait for requests.

        Args:
            run: Calls a function on the writing thread, and returns what it returns.
            name: The file's name in log messages.

        """
        self._run = run
        self._name = name
        self._requested = asyncio.Event()
        self._task = asyncio.create_task(self._process_requests())

    def request(self) -> None:
        """Schedule a checkpoint, because text was erased."""
        self._requested.set()

    async def close(self) -> None:
        """Cancel the task. SQLite empties the write-ahead log when the last connection closes."""
        await background.cancel(self._task)

    async def _process_requests(self) -> None:
        """Run one checkpoint for all requests since the last one, at most once a second, until cancelled."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            await self._checkpoint()
            await asyncio.sleep(_INTERVAL_S)

    async def _checkpoint(self) -> None:
        """Repeat the checkpoint until it succeeds; log a warning once if a reader prevents it for five seconds."""
        loop = asyncio.get_running_loop()
        started, reported = loop.time(), False
        while not await self._attempt():
            if not reported and loop.time() - started > _REPORT_S:
                reported = True
                logger.warning("%s-wal still holds erased text: another program keeps reading from it", self._name)
            await asyncio.sleep(_RETRY_S)

    async def _attempt(self) -> bool:
        """Run a checkpoint; return False if a reader prevents it or storage fails."""
        with suppress(LogUnavailableError):  # sends report it; the text is removed once storage is available again
            return await self._run(SqliteStore.checkpoint)
        return False
