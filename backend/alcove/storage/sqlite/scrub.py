"""Empties a SQLite log's write-ahead log after something was erased, so that no file keeps it (S9)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from alcove import background
from alcove.storage.base import LogUnavailableError
from alcove.storage.sqlite.store import SqliteStore

log = logging.getLogger("alcove.log")

#: Seconds between two times that the write-ahead log is emptied: what is erased meanwhile goes together.
_PAUSE_S = 1.0
#: Seconds between two tries while somebody reads what it holds.
_RETRY_S = 0.25
#: Seconds after which a reader that keeps it from being emptied is reported.
_REPORT_S = 5.0


class Scrubber:
    """Runs `SqliteStore.scrub` on the writing thread whenever it was requested, until it succeeds."""

    def __init__(self, run: Callable[[Callable[[SqliteStore], bool]], Awaitable[bool]], name: str) -> None:
        self._run = run
        self._name = name
        self._requested = asyncio.Event()
        self._task = asyncio.create_task(self._work())

    def request(self) -> None:
        """Empty the write-ahead log soon: something was erased."""
        self._requested.set()

    async def close(self) -> None:
        """Stop. The last connection that closes empties the write-ahead log."""
        await background.end(self._task)

    async def _work(self) -> None:
        while True:
            await self._requested.wait()
            self._requested.clear()
            await self._scrub()
            await asyncio.sleep(_PAUSE_S)

    async def _scrub(self) -> None:
        loop = asyncio.get_running_loop()
        begun, reported = loop.time(), False
        while not await self._try():
            if not reported and loop.time() - begun > _REPORT_S:
                reported = True
                log.warning("%s-wal still holds erased text: another program keeps reading from it", self._name)
            await asyncio.sleep(_RETRY_S)

    async def _try(self) -> bool:
        with suppress(LogUnavailableError):  # it says so to whoever sends; the text goes when storage is back
            return await self._run(SqliteStore.scrub)
        return False
