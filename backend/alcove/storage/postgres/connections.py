"""Connections to a PostgreSQL log: pools for writing and reading, whose connections are replaced once they fail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.descriptors import reserve
from alcove.postgres_driver import ERRORS, connect_options
from alcove.storage.base import LogUnavailableError, UnstorableError
from alcove.storage.postgres.lock import PostgresLock
from alcove.urls import place

#: Seconds to connect, and that one statement may take. After them storage counts as away (S7).
CONNECT_S = 5.0
STATEMENT_S = 10.0
#: Connections that write: one for batches, one for what comes beside them.
_WRITERS = 2
#: Connections that list rooms, which may take long: one, and nobody who joins waits for it.
_LISTERS = 1
#: Classes of SQLSTATE that say nothing against the connection: they are about one statement, or about resources.
_OF_ONE_STATEMENT = ("22", "23", "40", "53", "54", "55", "57014")
#: Of these, the ones where the same data fails however often it is tried. A number that is taken twice (23505) is not
#: among them: then the storage contradicts itself.
_OF_THE_DATA = ("22", "23502", "23514", "54")


class Connections:
    """Three pools, so that no crowd of readers keeps a batch waiting, and no list of rooms keeps a reader waiting.

    Connections are opened when they are needed. One that fails is closed, and so are all others that are idle: after a
    failover they may lead to a server that no longer takes writes, or to one that nobody else uses any more (X8).
    """

    def __init__(self, url: str, writers: Any, readers: Any, listers: Any, lock: PostgresLock | None) -> None:
        self._place = place(url)
        self._lock = lock
        self._writers = writers
        self._readers = readers
        self._listers = listers

    @classmethod
    async def open(cls, url: str, connections: int, lock: PostgresLock | None) -> Self:
        """Prepare up to `connections`; none is opened yet. They are used while `lock` is held, which ends with them."""
        # A primary that is set to read-only, as providers do when its disk is full, can still be read.
        writers = await _pool(url, _WRITERS, "read-write")
        readers = await _pool(url, max(1, connections - _WRITERS - _LISTERS), "primary")
        listers = await _pool(url, _LISTERS, "primary")
        return cls(url, writers, readers, listers, lock)

    def writing(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Use a connection that takes writes. Raises LogUnavailableError and UnstorableError."""
        return self._using(self._writers)

    def reading(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Use a connection of the primary. Raises LogUnavailableError and UnstorableError."""
        return self._using(self._readers)

    def listing(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Use a connection of the primary for a list of rooms. Raises LogUnavailableError and UnstorableError."""
        return self._using(self._listers)

    async def close(self, within_s: float) -> None:
        """Close all connections; those that are still busy after `within_s` seconds are cut."""
        try:
            async with asyncio.timeout(within_s):
                await asyncio.gather(self._writers.close(), self._readers.close(), self._listers.close())
        except ERRORS:
            self._writers.terminate()
            self._readers.terminate()
            self._listers.terminate()
        if self._lock is not None:
            await self._lock.close()

    @contextlib.asynccontextmanager
    async def _using(self, pool: Any) -> AsyncIterator[Any]:
        if self._lock is not None and not self._lock.held:
            raise LogUnavailableError(f"{self._place}: this process has lost the lock on the log, and asks for it")
        try:
            async with pool.acquire(timeout=STATEMENT_S) as connection:
                try:
                    yield connection
                except ERRORS as error:
                    if not _is_of_one_statement(error):
                        connection.terminate()
                        await self._writers.expire_connections()
                        await self._readers.expire_connections()
                        await self._listers.expire_connections()
                    if _is_of_the_data(error):
                        raise UnstorableError(str(error).partition("\n")[0]) from None
                    raise
        except ERRORS as error:
            raise LogUnavailableError(f"{self._place}: {error or type(error).__name__}") from error


def _is_of_one_statement(error: Exception) -> bool:
    """Tell whether the connection can be used again after this error."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_OF_ONE_STATEMENT)
    return _is_of_the_data(error)


def _is_of_the_data(error: Exception) -> bool:
    """Tell whether what was asked is at fault, and not the storage."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_OF_THE_DATA)
    # The driver's own complaint about a value: out of range, or text that cannot be encoded.
    return isinstance(error, asyncpg.InterfaceError | UnicodeError) and isinstance(error, ValueError)


async def _pool(url: str, size: int, target: str) -> Any:
    """Up to `size` connections; statements are prepared once on each."""

    async def as_it_is(_: object) -> None:
        """Nothing here changes a connection's state, so giving one back takes no query."""

    async def connect(*arguments: Any, **options: Any) -> Any:
        with reserve.lent():
            return await asyncpg.connect(*arguments, **options)

    async def begin(connection: Any) -> None:
        # Every question here has its index; a plan kept from when a table was small must not outlive it. Set by a
        # statement, as poolers refuse it among the parameters of a connection.
        await connection.execute("SET enable_seqscan = off")

    return await asyncpg.create_pool(
        url,
        min_size=0,  # a floor would have the pool complain, at length, while the database is away
        max_size=size,
        timeout=CONNECT_S,
        command_timeout=STATEMENT_S,
        connect=connect,
        init=begin,
        reset=as_it_is,
        **connect_options(url, "alcove", target),
    )
