"""Lock a SQLite log, so that only one process serves the file (X7)."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Self

from alcove.storage.base import LogUnusableError

#: Seconds that a starting process waits for the lock: a reload starts the new process while the old one is stopping.
_WAIT_S = 5.0


class SqliteLock:
    """Holds a lock until `release`, or until the process ends in any way.

    The lock is an exclusive transaction on an empty database next to the log. SQLite's own locks work on every system,
    also between connections of one process. The log itself is not locked, so that backups and reports can read it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Store the connection whose transaction is the lock."""
        self._connection = connection

    @classmethod
    def take(cls, path: Path) -> Self:
        """Take the lock of the log at `path`, waiting up to five seconds for a process that is stopping.

        Raises:
            LogUnusableError: Another process holds the lock.
            sqlite3.Error: The file of the lock cannot be opened.

        """
        # Resolved, because every path to the same file must lead to the same lock.
        target = path.resolve()
        lock_file = target.with_name(f"{target.name}-lock")
        connection = sqlite3.connect(lock_file, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise LogUnusableError(
                f"{path} is in use by another Alcove process, and SQLite serves one: stop that process first, or set"
                " ALCOVE_DATABASE_URL=postgresql://… and ALCOVE_BUS_URL=redis://… or postgresql://… for several"
            ) from None
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def release(self) -> None:
        """Release the lock."""
        with contextlib.suppress(sqlite3.Error):  # closing the connection releases it in any case
            self._connection.execute("ROLLBACK")
        self._connection.close()
