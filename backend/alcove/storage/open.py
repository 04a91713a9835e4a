"""Open the log at the address of a database."""

from pathlib import Path
from urllib.parse import urlsplit

from alcove.errors import SettingsError
from alcove.limits import DATABASE_CONNECTIONS, ListLimits, Retention
from alcove.storage.base import LockMode
from alcove.storage.consumers import ConsumerLog
from alcove.storage.sqlite.log import SqliteLog
from alcove.urls import redact_url, sqlite_path


def lock_mode_for(bus_url: str) -> LockMode:
    """Return how a server locks its log: exclusively with the memory bus, shared with any other bus (X7)."""
    return "exclusive" if urlsplit(bus_url).scheme == "memory" else "shared"


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite address, or None for a PostgreSQL address. Raises SettingsError for any other one."""
    try:
        path = sqlite_path(url)
    except ValueError as error:
        raise SettingsError(f"ALCOVE_DATABASE_URL={redact_url(url)!r}: {error}") from None
    if path is None and urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise SettingsError(
            f"ALCOVE_DATABASE_URL={redact_url(url)!r}: expected sqlite:///path or postgresql://host/database"
        )
    return None if path is None else Path(path)


async def open_log(
    url: str,
    retention: Retention | None = None,
    connections: int = DATABASE_CONNECTIONS,
    *,
    lock_mode: LockMode | None = None,
    lists: ListLimits | None = None,
) -> ConsumerLog:
    """Open the log at an address; create it if it does not exist.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`.
        retention: How much of each room is kept; None: everything.
        connections: The maximum number of connections to PostgreSQL.
        lock_mode: How to lock the log until it is closed; None: no lock, so that a command can use it
                while a server runs.
        lists: The limits of lists of rooms; None: the defaults.

    Raises:
        SettingsError: The address has another scheme, or its driver is not installed.
        LogUnusableError: The storage is not a log, or another process has locked it.

    """
    path = sqlite_file(url)
    if path is not None:
        return await SqliteLog.open(path, retention or Retention(), lock_mode, lists)
    try:
        from alcove.storage.postgres.log import PostgresLog  # noqa: PLC0415 - its driver is an optional extra
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"ALCOVE_DATABASE_URL={urlsplit(url).scheme}: needs {error.name}, which is not installed:"
            " install alcove-rooms[postgres]"
        ) from None
    return await PostgresLog.open(url, retention or Retention(), connections, lock_mode, lists)
