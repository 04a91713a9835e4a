"""Implement `alcove check`: test settings, database, clock, bus, file descriptors and page; change nothing."""

import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from alcove.access.tokens import keys_from_settings
from alcove.bus.open import open_bus
from alcove.descriptors import BASE_DESCRIPTORS
from alcove.errors import AlcoveError
from alcove.mistyped_settings import find_mistyped_variables
from alcove.routes import PAGE_FOLDER
from alcove.settings import Settings
from alcove.storage.open import sqlite_file
from alcove.storage.sqlite.schema import check_is_log
from alcove.urls import redact_url
from alcove.webhooks.deliveries import check_webhook
from alcove.webhooks.endpoint import Endpoint

#: Seconds that the database or the bus may take to answer.
_TIMEOUT_S = 5.0
#: Maximum difference from the database's clock in seconds. Presence and expiry compare times from several servers.
_MAX_CLOCK_DIFFERENCE_S = 1.0


class Finding(NamedTuple):
    """The result of one check.

    Attributes:
        name: What was checked.
        ok: Whether it passed.
        text: What was found; if it failed, what to do.

    """

    name: str
    ok: bool
    text: str


class _CheckFailedError(AlcoveError):
    """A check failed; the message says what to do."""


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """Run each check in turn and yield its finding."""
    named_checks: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "settings": _check_settings,
        "database": _check_database,
        "clock": _check_clock,
        "bus": _check_bus,
        "descriptors": _check_descriptors,
        "page": _check_page,
    }
    for name, check in named_checks.items():
        try:
            yield Finding(name, ok=True, text=await check(settings))
        except AlcoveError as error:
            yield Finding(name, ok=False, text=str(error))


async def _check_settings(settings: Settings) -> str:
    """Check the names of variables and the webhook's settings, load the keys, and describe who may use the server.

    Raises:
        AlcoveError: The name of a variable is mistyped, the webhook cannot be used, a key cannot be loaded, or everyone
            may use the server.

    """
    if mistyped := find_mistyped_variables():
        raise _CheckFailedError(" ".join(mistyped))
    secrets = check_webhook(settings)
    if settings.webhook_url is not None and secrets is not None:
        async with Endpoint(settings.webhook_url, secrets, timeout_s=_TIMEOUT_S, connections=1):
            pass  # nothing is sent: `alcove webhooks test` does that
    if keys := keys_from_settings(settings):
        await keys.start()
        return "members need a signed token"
    if settings.allow_open:
        raise _CheckFailedError("everyone may read and write: set ALCOVE_SECRET or ALCOVE_JWKS, not ALCOVE_ALLOW_OPEN")
    return "open mode, on this machine only: set ALCOVE_SECRET or ALCOVE_JWKS for others"


async def _check_database(settings: Settings) -> str:
    """Check that the database answers, and describe it. Raises AlcoveError if it does not."""
    url = settings.database_url
    if (path := sqlite_file(url)) is not None:
        return _check_sqlite(path)
    await _check_postgres(url, "ALCOVE_DATABASE_URL")
    return f"{redact_url(url)} answers"


def _check_sqlite(path: Path) -> str:
    """Check that the database file can be read and written, or that it can be created. Raises _CheckFailedError."""
    target = path if path.exists() else path.absolute().parent
    if not os.access(target, os.R_OK | os.W_OK):
        exists = target.exists()
        problem = "may not be read and written by this user" if exists else "does not exist: create this folder"
        raise _CheckFailedError(f"ALCOVE_DATABASE_URL: {target} {problem}")
    if target is not path:
        return f"{path} will be created"
    try:
        connection = sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True, timeout=_TIMEOUT_S)
        try:
            check_is_log(connection, path)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _CheckFailedError(f"ALCOVE_DATABASE_URL: {path}: {error}; restore it from a backup") from None
    return f"{path} can be read and written"


async def _check_clock(settings: Settings) -> str:
    """Compare this machine's clock with the database's. Raises AlcoveError if they differ too much."""
    if sqlite_file(settings.database_url) is not None:
        return "the database uses this machine's clock"
    try:
        from alcove.postgres_driver import ERRORS, database_time  # noqa: PLC0415 - its driver is an extra
    except ModuleNotFoundError as error:
        raise _CheckFailedError(
            f"the database's clock cannot be compared: needs {error.name}; install alcove-rooms[postgres]"
        ) from None
    try:
        difference = await database_time(settings.database_url, _TIMEOUT_S) - time.time()
    except ERRORS as error:
        raise _CheckFailedError(f"the database's clock cannot be compared: {error}") from None
    if abs(difference) > _MAX_CLOCK_DIFFERENCE_S:
        raise _CheckFailedError(f"the database's clock differs by {difference:+.1f} s: run NTP on both machines")
    return f"the database's clock differs by {difference:+.2f} s"


async def _check_bus(settings: Settings) -> str:
    """Check that the bus answers, and describe it. Raises AlcoveError if it does not."""
    url = settings.bus_url
    open_bus(url, settings.bus_prefix)  # raises if the scheme is unknown or the driver is missing
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return "memory://, for one process"
    if scheme.startswith("redis"):
        await _ping_redis(url)
    else:
        await _check_postgres(url, "ALCOVE_BUS_URL")
    return f"{redact_url(url)} answers"


async def _ping_redis(url: str) -> None:
    """Send PING to the Redis server at `url`. Raises _CheckFailedError if it does not answer."""
    from redis.asyncio import Redis  # noqa: PLC0415 - an extra
    from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

    client: Redis = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
    try:
        await client.ping()
    except (RedisError, OSError) as error:
        raise _CheckFailedError(f"ALCOVE_BUS_URL={redact_url(url)!r} does not answer: {error}") from None
    finally:
        await client.aclose()


async def _check_postgres(url: str, variable: str) -> None:
    """Check that PostgreSQL answers and is not behind a pooler that shares sessions between connections.

    Args:
        url: The address of the database.
        variable: The name of the setting, for the message.

    Raises:
        _CheckFailedError: PostgreSQL does not answer or is behind such a pooler, or its driver is not installed.

    """
    try:
        from alcove.postgres_driver import ERRORS, PoolerError, check_sessions  # noqa: PLC0415 - its driver is an extra
    except ModuleNotFoundError as error:
        raise _CheckFailedError(f"{variable}: needs {error.name}; install alcove-rooms[postgres]") from None
    try:
        await check_sessions(url)
    except (PoolerError, *ERRORS) as error:
        raise _CheckFailedError(f"{variable}={redact_url(url)!r}: {error or type(error).__name__}") from None


async def _check_descriptors(settings: Settings) -> str:
    """Check that the hard limit of open files suffices for the setting `connections`. Raises _CheckFailedError."""
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.connections + BASE_DESCRIPTORS
    possible = max(1, limit - BASE_DESCRIPTORS)
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise _CheckFailedError(
            f"this process may open {limit} files and needs {needed}:"
            f" raise the limit (ulimit -n, LimitNOFILE), or set ALCOVE_CONNECTIONS to {possible}"
        )
    return f"enough for {settings.connections} connections"


async def _check_page(_settings: Settings) -> str:
    """Return the folder of the built page. Raises _CheckFailedError if the page is not built."""
    if not (PAGE_FOLDER / "index.html").is_file():
        raise _CheckFailedError("the page is not built: run `make build`")
    return f"{PAGE_FOLDER}"
