"""Run functions on threads that each have one connection to a SQLite log, and reopen a connection that failed."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from alcove.descriptors import reserve
from alcove.limits import Retention
from alcove.storage.base import LogUnavailableError
from alcove.storage.sqlite.connection import connect
from alcove.storage.sqlite.store import SqliteStore

T = TypeVar("T")


class StoreThread:
    """Calls functions with one `SqliteStore` on one thread, one after the other."""

    def __init__(self, path: Path, retention: Retention, name: str) -> None:
        """Create the thread; it connects at the first call.

        Args:
            path: The file of the log.
            retention: How much of each room is kept.
            name: The name of the thread.

        """
        self._path = path
        self._retention = retention
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._store: SqliteStore | None = None
        #: The identity of the file that the connection has open (`_file_identity`).
        self._opened_file: tuple[int, int] | None = None
        self._closed = False

    def run(self, function: Callable[[SqliteStore], T]) -> asyncio.Future[T]:
        """Call a function on this thread; the returned future raises LogUnavailableError if SQLite fails (S7)."""
        loop = asyncio.get_running_loop()
        if self._closed:
            closed: asyncio.Future[T] = loop.create_future()
            closed.set_exception(LogUnavailableError(f"{self._path} is closed"))
            return closed
        return loop.run_in_executor(self._executor, self._call, function)

    async def close(self) -> None:
        """Wait for the queued functions, then close the connection; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self._disconnect)
        self._executor.shutdown()

    def _call(self, function: Callable[[SqliteStore], T]) -> T:
        """Call the function with the store, connecting first if necessary (on the thread).

        Raises:
            LogUnavailableError: SQLite fails; the next call connects again.

        """
        try:
            store = self._store
            # A connection continues to use a file that was moved or replaced; what it stored there would be lost.
            if store is None or self._opened_file != _file_identity(self._path):
                store = self._connect()
            return function(store)
        except sqlite3.Error as error:
            # After a failed commit the connection's state is uncertain, so the next function gets a new one.
            self._disconnect()
            raise LogUnavailableError(f"{self._path}: {error}") from error

    def _connect(self) -> SqliteStore:
        """Close the current connection, if any, and open one. Raises sqlite3.Error."""
        self._disconnect()
        with reserve.lend():
            self._connection = connect(self._path)
            self._opened_file = _file_identity(self._path)
            # A copy made by VACUUM INTO has another journal mode, which takes a file descriptor for each commit.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._store = SqliteStore(self._connection, self._retention)
        return self._store

    def _disconnect(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection, self._store = self._connection, None, None
        if connection is not None:
            connection.close()


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file at `path`; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
