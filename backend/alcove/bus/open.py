"""Create the bus that a URL names."""

from urllib.parse import urlsplit

from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.errors import SettingsError
from alcove.urls import redact_url

_POSTGRES_SCHEMES = {"postgresql", "postgres"}
_REDIS_SCHEMES = {"redis", "rediss"}


def open_bus(url: str, prefix: str = "alcove") -> Bus:
    """Create the bus for an address; `start` connects it.

    Args:
        url: `memory://`, `postgresql://…`, `redis://…` or `rediss://…`.
        prefix: The prefix of the channels' names on the server, so that deployments can share one.

    Raises:
        SettingsError: The scheme is another one, or its driver is not installed.

    """
    scheme = urlsplit(url).scheme
    try:
        if scheme == "memory":
            return MemoryBus()
        if scheme in _POSTGRES_SCHEMES:
            from alcove.bus.postgres import PostgresBus  # noqa: PLC0415 - its driver is an extra

            return PostgresBus(url, prefix)
        if scheme in _REDIS_SCHEMES:
            from alcove.bus.redis import RedisBus  # noqa: PLC0415 - its driver is an extra

            return RedisBus(url, prefix)
    except ModuleNotFoundError as error:
        extra = "redis" if scheme in _REDIS_SCHEMES else "postgres"
        raise SettingsError(f"ALCOVE_BUS_URL={scheme}: needs {error.name}; install alcove-rooms[{extra}]") from None
    raise SettingsError(
        f"ALCOVE_BUS_URL={redact_url(url)!r}: expected memory://, postgresql://…, redis://… or rediss://…"
    )


async def check_bus(url: str) -> None:
    """Check that a bus can work at this address. A server that does not answer now is accepted: it may answer later.

    Raises:
        SettingsError: The address leads to a pooler in transaction mode, on which LISTEN never works.

    """
    if urlsplit(url).scheme not in _POSTGRES_SCHEMES:
        return
    from alcove.postgres_driver import ERRORS, PoolerError, check_sessions  # noqa: PLC0415 - its driver is an extra

    try:
        await check_sessions(url)
    except PoolerError as error:
        raise SettingsError(f"ALCOVE_BUS_URL={redact_url(url)!r}: {error}") from None
    except ERRORS:
        pass


def open_database_bus(database_url: str) -> Bus | None:
    """Create the bus on which the database announces entries that `alcove_send` stored (X5).

    It is separate from the bus between the processes, which may be on another server.

    Returns:
        The bus; None: the database is not PostgreSQL, so it sends no notifications.

    """
    if urlsplit(database_url).scheme not in _POSTGRES_SCHEMES:
        return None
    return open_bus(database_url, "alcove_send")
