"""Create or migrate the schema of a SQLite log."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alcove.item_ids import is_internal, is_item_id, make_item_id
from alcove.progress import Progress
from alcove.storage.base import LogUnusableError
from alcove.storage.queries import schema_files
from alcove.storage.sqlite.connection import transaction

logger = logging.getLogger(__name__)

_STEPS = schema_files(Path(__file__).parent)
#: The application id of SQLite ("Alcv" in ASCII), which identifies the file as a log.
APPLICATION_ID = 0x416C6376
#: The version of the schema from which all rooms have valid item ids (H3).
_VALID_ITEM_IDS_VERSION = 4
#: The version of the schema from which erased text is overwritten in the file.
_ERASING_VERSION = 4
#: SQLite instructions between two reads of a migration's progress.
_PROGRESS_INSTRUCTIONS = 100_000
_MB = 1_000_000


def prepare_schema(connection: sqlite3.Connection, path: Path) -> str:
    """Create or migrate the schema of a file, and return the log's id.

    Raises:
        LogUnusableError: The file is a database of another program, or of a newer version of Alcove.

    """
    version = check_is_log(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    with _show_progress(connection, path), transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()  # again: no other process can change it now
        if 0 < version < len(_STEPS):
            logger.warning("migrating %s from schema %d to %d, which takes a while", path, version, len(_STEPS))
        for step in _STEPS[version:]:
            for statement in step.split(";\n"):
                connection.execute(statement)
        if 0 < version < _VALID_ITEM_IDS_VERSION:
            rename_invalid_rooms(connection)
        if version == 0:
            connection.execute("INSERT INTO meta (key, value) VALUES ('log_id', lower(hex(randomblob(16))))")
        # Write on every start, so that a read-only file fails now and not at the first send.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")
    if 0 < version < _ERASING_VERSION:
        with _show_progress(connection, path):
            _remove_erased_text(connection, path)
    (log_id,) = connection.execute("SELECT value FROM meta WHERE key = 'log_id'").fetchone()
    return str(log_id)


def check_is_log(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the file's schema; 0: it is empty.

    Raises:
        LogUnusableError: The file is a database of another program, or of a newer version of Alcove.

    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application_id != APPLICATION_ID and tables:
        raise LogUnusableError(f"{path} is a database of another program; give ALCOVE_DATABASE_URL another path")
    if version > len(_STEPS):
        raise LogUnusableError(
            f"{path} has schema {version} and this Alcove knows up to {len(_STEPS)}; start a newer Alcove on it"
        )
    return int(version)


def rename_invalid_rooms(connection: sqlite3.Connection) -> None:
    """Rename the rooms whose item id is invalid, except internal ones (`!…`), and log both ids (H3)."""
    items = [item for (item,) in connection.execute("SELECT item FROM rooms ORDER BY item").fetchall()]
    for item in items:
        if is_internal(item) or is_item_id(item):
            continue
        base = new_item = make_item_id(item)
        number = 1
        while connection.execute("SELECT 1 FROM rooms WHERE item = ?", (new_item,)).fetchone():
            number += 1
            new_item = f"{base[:120]}_{number}"
        connection.execute("UPDATE rooms SET item = ? WHERE item = ?", (new_item, item))
        logger.warning("the room %r is now %s: its id was not a valid item id", item, new_item)


def _remove_erased_text(connection: sqlite3.Connection, path: Path) -> None:
    """Rewrite the file without text that earlier versions erased but left in free pages (S9)."""
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        logger.warning("%s still contains text that was erased before the upgrade (%s); run VACUUM on it", path, error)


@contextmanager
def _show_progress(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Log the progress of long statements of the block: how much they have written, of about the size of the file.

    A statement reports nothing before its end, but SQLite writes every change to the write-ahead log.
    """
    size = path.stat().st_size if path.exists() else 0  # a database in memory has no file
    progress = Progress("MB written", size / _MB, log=lambda line: logger.warning("%s: %s", path, line))
    wal = path.with_name(f"{path.name}-wal")
    before = wal.stat().st_size if wal.exists() else 0

    def report() -> None:
        progress.update(max(0, wal.stat().st_size - before) / _MB if wal.exists() else 0)

    connection.set_progress_handler(report, _PROGRESS_INSTRUCTIONS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, _PROGRESS_INSTRUCTIONS)
        progress.finish()
