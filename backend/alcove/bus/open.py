"""Choose the bus that a URL names."""

from urllib.parse import urlsplit

from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.errors import SettingsError
from alcove.urls import shown


def open_bus(url: str, prefix: str = "alcove") -> Bus:
    """The bus for `memory://`, `postgresql://…`, `redis://…` or `rediss://…`; it connects when started.

    Raises SettingsError for another scheme, or one whose library is not installed.
    """
    scheme = urlsplit(url).scheme
    try:
        if scheme == "memory":
            return MemoryBus()
        if scheme in {"postgresql", "postgres"}:
            from alcove.bus.postgres import PostgresBus  # noqa: PLC0415 - its driver is an extra

            return PostgresBus(url, prefix)
        if scheme in {"redis", "rediss"}:
            from alcove.bus.redis import RedisBus  # noqa: PLC0415 - its driver is an extra

            return RedisBus(url, prefix)
    except ModuleNotFoundError as error:
        extra = "redis" if scheme.startswith("redis") else "postgres"
        raise SettingsError(f"ALCOVE_BUS_URL={scheme}: needs {error.name}; install alcove[{extra}]") from None
    raise SettingsError(f"ALCOVE_BUS_URL={shown(url)!r}: expected memory://, postgresql://…, redis://… or rediss://…")


async def check_bus(url: str) -> None:
    """Raises SettingsError where a bus can never work at this address. One that does not answer may later."""
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        return
    from alcove.postgres_driver import ERRORS, PoolerError, check_sessions  # noqa: PLC0415 - its driver is an extra

    try:
        await check_sessions(url)
    except PoolerError as error:
        raise SettingsError(f"ALCOVE_BUS_URL={shown(url)!r}: {error}") from None
    except ERRORS:
        pass


def open_sends(database_url: str) -> Bus | None:
    """Where a database tells of what `alcove_send` stored (X5); None: it is none that could.

    Apart from the bus between processes, which need not be the database's.
    """
    if urlsplit(database_url).scheme not in {"postgresql", "postgres"}:
        return None
    return open_bus(database_url, "alcove_send")
