"""The file of a SQLite log: opening it, making it ours, and transactions on it."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from alcove.item_ids import is_item_id, usable_id
from alcove.storage.base import LogUnusableError, UnstorableError
from alcove.storage.queries import schema_files

log = logging.getLogger("alcove.log")

_SCHEMA = schema_files(Path(__file__).parent)
#: "Alcv" in the file's header, so that another program's database is not taken for ours.
_APPLICATION_ID = 0x416C6376
#: The first schema whose rooms all have the id of an item (H3).
_CHECKS_ITEMS = 4
#: The first schema whose files keep nothing that was erased.
_ERASES = 4
#: Seconds to wait for a lock that another program holds.
_BUSY_S = 5.0
#: KiB of pages that each connection keeps in memory at most: the indexes' ends, which are written again and again.
_CACHE_KIB = 16 * 1024
#: Pages of 4 KiB that gather in the WAL before they are copied into the file. Busy rooms write the same pages at every
#: commit; the longer they gather, the fewer copies.
_WAL_PAGES = 4096


def connect(path: Path, *, make: bool = False) -> sqlite3.Connection:
    """A connection whose transactions are begun and ended by hand, synced at each commit (S3).

    Unless told to `make` the file, one that is gone is an error: an empty one in its place would be no log.
    """
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
    connection = sqlite3.connect(uri, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> str:
    """Make the file a log, or bring it up to date; return the log's id.

    Raises LogUnusableError where the file is not ours or too new.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application_id != _APPLICATION_ID and tables:
        raise LogUnusableError(f"{path} is a database of another program; give ALCOVE_DATABASE_URL another path")
    if version > len(_SCHEMA):
        raise LogUnusableError(
            f"{path} has schema {version} and this Alcove knows up to {len(_SCHEMA)}; start a newer Alcove on it"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()  # as nobody else can change it now
        if 0 < version < len(_SCHEMA):
            log.warning("%s is brought from schema %d to %d, which takes a while", path, version, len(_SCHEMA))
        for step in _SCHEMA[version:]:
            for statement in step.split(";\n"):
                connection.execute(statement)
        if 0 < version < _CHECKS_ITEMS:
            rename_rooms(connection)
        if version == 0:
            connection.execute("INSERT INTO meta (key, value) VALUES ('log_id', lower(hex(randomblob(16))))")
        # Written each time, so that a file that takes no writes is found out now and not by the first send.
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_SCHEMA)}")
    if 0 < version < _ERASES:
        _rewrite(connection, path)
    (log_id,) = connection.execute("SELECT value FROM meta WHERE key = 'log_id'").fetchone()
    return str(log_id)


def rename_rooms(connection: sqlite3.Connection) -> None:
    """Give rooms whose ids are none that an item may have one, and log the old and the new id (H3)."""
    items = [item for (item,) in connection.execute("SELECT item FROM rooms ORDER BY item").fetchall()]
    for item in items:
        if item.startswith("!") or is_item_id(item):
            continue
        base = usable = usable_id(item)
        number = 1
        while connection.execute("SELECT 1 FROM rooms WHERE item = ?", (usable,)).fetchone():
            number += 1
            usable = f"{base[:120]}_{number}"
        connection.execute("UPDATE rooms SET item = ? WHERE item = ?", (usable, item))
        log.warning("the room %r is now %s: its id was none that an item may have", item, usable)


def _rewrite(connection: sqlite3.Connection, path: Path) -> None:
    """Write the file as new, without what earlier versions erased and left in it."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        log.warning("%s still holds text that was erased before the upgrade (%s); run VACUUM on it", path, error)


#: Rows that one statement takes. Python lets go of its lock at each statement and may wait to get it back from a busy
#: event loop, so a batch is few statements rather than many.
_RUNS = (64, 16, 4, 1)


def run_many(connection: sqlite3.Connection, sql: str, width: int, values: Sequence[object]) -> list[tuple[Any, ...]]:
    """Run `sql`, whose `(...)` stands for rows of `width` values, on all values; return what it answers, if it does."""
    found: list[tuple[Any, ...]] = []
    start = 0
    for size in _RUNS:
        while len(values) - start >= size * width:
            some = values[start : start + size * width]
            found += connection.execute(_spread(sql, width, size), some).fetchall()
            start += size * width
    return found


@cache
def _spread(sql: str, width: int, size: int) -> str:
    row = "?" if width == 1 else f"({', '.join('?' * width)})"
    return sql.replace("(...)", ", ".join([row] * size))


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Commit what the block does, or nothing of it. Raises UnstorableError where a value is at fault."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):  # the first error is the one to tell; a failed COMMIT may have rolled back
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.DataError | OverflowError | UnicodeError):
            raise UnstorableError(str(error)) from None
        raise
