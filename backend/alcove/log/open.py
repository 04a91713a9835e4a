"""Open the log that a URL names."""

from pathlib import Path
from urllib.parse import urlsplit

from alcove.addresses import shown
from alcove.errors import SettingsError
from alcove.log.base import Log, Retention
from alcove.log.sqlite import SqliteLog


async def open_log(url: str, retention: Retention | None = None, connections: int = 8) -> Log:
    """Open `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://…`, making it where there is none.

    Raises SettingsError for another scheme, LogUnusableError where the storage is not ours to use.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return await SqliteLog.open(Path(parts.path[1:]), retention or Retention())
    if parts.scheme in {"postgresql", "postgres"}:
        try:
            from alcove.log.postgres import PostgresLog  # noqa: PLC0415 - its driver is an extra
        except ModuleNotFoundError as error:
            raise SettingsError(
                f"ALCOVE_DATABASE_URL={parts.scheme}: needs {error.name}; install alcove[postgres]"
            ) from None
        return await PostgresLog.open(url, retention or Retention(), connections)
    raise SettingsError(f"ALCOVE_DATABASE_URL={shown(url)!r}: expected sqlite:///path or postgresql://host/database")
