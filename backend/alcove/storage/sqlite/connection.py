"""Open connections to a SQLite log, run transactions, and run a statement for many rows."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from alcove.storage.base import UnstorableError

#: Seconds to wait for a lock that another program holds.
_BUSY_S = 5.0
#: Maximum KiB of pages that each connection caches, mainly the ends of the indexes, which every commit writes.
_CACHE_KIB = 16 * 1024
#: Pages of 4 KiB in the write-ahead log before they are copied into the file. Busy rooms write the same pages at every
#: commit, so a longer log means fewer copies.
_WAL_PAGES = 4096
#: Numbers of rows per statement, descending. Python releases its lock at each statement and may wait for a busy event
#: loop to get it back, so a batch should be few statements.
_ROWS_PER_STATEMENT = (64, 16, 4, 1)


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a connection that starts no transactions implicitly and syncs the file at each commit (S3).

    Args:
        path: The file.
        create: Create the file if it does not exist. If False, a missing file is an error: an empty file is no log.

    Raises:
        sqlite3.Error: The file cannot be opened.

    """
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(uri, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Run the block in a transaction: commit it, or roll it back if the block raises.

    Args:
        connection: The connection to use.
        mode: `IMMEDIATE` to write, which locks the file for writing at once; `DEFERRED` to read.

    Raises:
        UnstorableError: SQLite cannot store a value of a statement.

    """
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):  # the first error is the one to raise; a failed COMMIT may have rolled back
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.DataError | OverflowError | UnicodeError):
            raise UnstorableError(str(error)) from None
        raise


def run_many(connection: sqlite3.Connection, sql: str, width: int, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run a statement for many rows of values, with as few executions as possible.

    Args:
        connection: The connection to use.
        sql: The statement, with `(...)` in place of the rows.
        width: The number of values in a row.
        values: The values of all rows, one row after the other.

    Returns:
        All rows that the executions return.

    """
    results: list[tuple[Any, ...]] = []
    start = 0
    for rows in _ROWS_PER_STATEMENT:
        while len(values) - start >= rows * width:
            part = values[start : start + rows * width]
            results += connection.execute(expand_rows(sql, width, rows), part).fetchall()
            start += rows * width
    return results


@cache
def expand_rows(sql: str, width: int, rows: int) -> str:
    """Replace `(...)` in the statement by placeholders for `rows` rows of `width` values."""
    row = "?" if width == 1 else f"({', '.join('?' * width)})"
    return sql.replace("(...)", ", ".join([row] * rows))
