"""Manage the connection pools of a PostgreSQL log: for writing, for reading, and for lists of rooms."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.descriptors import reserve
from alcove.postgres_driver import ERRORS, connect_options
from alcove.storage.base import LogUnavailableError, UnstorableError
from alcove.storage.postgres.lock import PostgresLock
from alcove.urls import url_location

#: Seconds that connecting may take before storage counts as unavailable (S7).
CONNECT_S = 5.0
#: Seconds that waiting for a connection, or one statement, may take before storage counts as unavailable (S7).
STATEMENT_S = 10.0
#: Connections that write: one for batches of sends, one for everything else.
_WRITERS = 2
#: Connections that list rooms, which may take long; joins do not wait for them.
_LISTERS = 1
#: SQLSTATE prefixes of errors that leave a connection usable: a statement failed, or resources were short.
_STATEMENT_ERRORS = ("22", "23", "40", "53", "54", "55", "57014")
#: The prefixes, among these, of errors that the same data causes each time. A duplicate key (23505) is not among them:
#: only a log that contradicts itself causes it.
_DATA_ERRORS = ("22", "23502", "23514", "54")


class ConnectionPools:
    """Holds three pools, so that writes do not wait for reads, and reads do not wait for lists of rooms.

    Connections are opened when needed. When one fails, it and all idle ones are closed: after a failover they may lead
    to a server that takes no writes, or that other processes no longer use (X8).
    """

    def __init__(self, url: str, writers: Any, readers: Any, listers: Any, lock: PostgresLock | None) -> None:
        """Store the pools.

        Args:
            url: The address of the database, for messages.
            writers: The pool for writing.
            readers: The pool for reading.
            listers: The pool for lists of rooms.
            lock: The lock on the log; None: the log is not locked.

        """
        self._location = url_location(url)
        self._lock = lock
        self._writers = writers
        self._readers = readers
        self._listers = listers

    @classmethod
    async def open(cls, url: str, connections: int, lock: PostgresLock | None) -> Self:
        """Create the pools, which open no connection yet.

        Args:
            url: The address of the database.
            connections: The maximum number of connections in all pools together.
            lock: Connections are lent only while it is held; `close` releases it. None: the log is not locked.

        """
        # Reads need no read-write server: providers set a primary with a full disk to read-only.
        writers = await _create_pool(url, _WRITERS, "read-write")
        readers = await _create_pool(url, max(1, connections - _WRITERS - _LISTERS), "primary")
        listers = await _create_pool(url, _LISTERS, "primary")
        return cls(url, writers, readers, listers, lock)

    def writing(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Lend a connection that takes writes; convert driver errors to LogUnavailableError and UnstorableError."""
        return self._lend(self._writers)

    def reading(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Lend a connection to the primary for reads, with errors as in `writing`."""
        return self._lend(self._readers)

    def listing(self) -> contextlib.AbstractAsyncContextManager[Any]:
        """Lend a connection to the primary for a list of rooms, with errors as in `writing`."""
        return self._lend(self._listers)

    async def close(self, within_s: float) -> None:
        """Close all connections, aborting those still busy after `within_s` seconds, and release the lock."""
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
    async def _lend(self, pool: Any) -> AsyncIterator[Any]:
        """Lend a connection of a pool while the block runs.

        Raises:
            LogUnavailableError: The lock is lost, or the database does not answer.
            UnstorableError: The data of a statement cannot be stored.

        """
        if self._lock is not None and not self._lock.held:
            raise LogUnavailableError(f"{self._location}: this process lost the lock on the log; taking it again")
        try:
            async with pool.acquire(timeout=STATEMENT_S) as connection:
                try:
                    yield connection
                except ERRORS as error:
                    if not _leaves_connection_usable(error):
                        connection.terminate()
                        await self._writers.expire_connections()
                        await self._readers.expire_connections()
                        await self._listers.expire_connections()
                    if _is_data_error(error):
                        raise UnstorableError(str(error).partition("\n")[0]) from None
                    raise
        except ERRORS as error:
            raise LogUnavailableError(f"{self._location}: {error or type(error).__name__}") from error


def _leaves_connection_usable(error: Exception) -> bool:
    """Return whether the connection can still be used after this error."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_STATEMENT_ERRORS)
    return _is_data_error(error)


def _is_data_error(error: Exception) -> bool:
    """Return whether the error was caused by the statement's data and not by the storage."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_DATA_ERRORS)
    # The driver itself refused a value: it is out of range, or text that cannot be encoded.
    return isinstance(error, asyncpg.InterfaceError | UnicodeError) and isinstance(error, ValueError)


async def _create_pool(url: str, size: int, target: str) -> Any:
    """Create a pool of up to `size` connections.

    Args:
        url: The address of the database.
        size: The maximum number of connections.
        target: The kind of server to connect to, as libpq's `target_session_attrs`.

    """

    async def skip_reset(_: object) -> None:
        """Do nothing: connections are returned in their initial state, so resetting them would waste a query."""

    async def connect(*arguments: Any, **options: Any) -> Any:
        with reserve.lend():
            return await asyncpg.connect(*arguments, **options)

    async def configure(connection: Any) -> None:
        # Every query has its index, but plans are cached, and a sequential scan chosen for a small table would be kept
        # as it grows. Set by a statement, because poolers refuse it as a connection parameter.
        await connection.execute("SET enable_seqscan = off")

    return await asyncpg.create_pool(
        url,
        min_size=0,  # with a minimum, the pool logs tracebacks while the database is unreachable
        max_size=size,
        timeout=CONNECT_S,
        command_timeout=STATEMENT_S,
        connect=connect,
        init=configure,
        reset=skip_reset,
        **connect_options(url, "alcove", target),
    )
