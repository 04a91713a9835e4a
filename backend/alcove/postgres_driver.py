"""Define what the log and the bus share of the PostgreSQL driver: options, errors, and the check for a pooler."""

import os
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.errors import AlcoveError

#: What the driver raises if the database is down, restarts, is overloaded or refuses, or if a value cannot be encoded.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, UnicodeError)

#: Seconds that `check_sessions` may take to connect, and for each query.
_TIMEOUT_S = 5.0
#: How often the sessions are compared: a pooler that assigns its sessions in turn may hide that it shares them.
_ATTEMPTS = 3


class PoolerError(AlcoveError):
    """The address leads to a pooler that gives each transaction another session; the message is one line."""


def connect_options(url: str, application_name: str, target: str) -> dict[str, Any]:
    """Build the options for asyncpg's `connect` and `create_pool` that the address does not contain.

    Args:
        url: The address; its own `target_session_attrs`, or that of the environment, takes precedence over `target`.
        application_name: The name that `pg_stat_activity` shows for the connection.
        target: The kind of server to connect to, in the values of libpq's `target_session_attrs`. Without it, asyncpg
            accepts a standby, which an address may lead to for a moment during a failover.

    """
    options: dict[str, Any] = {"server_settings": {"application_name": application_name}}
    if "target_session_attrs" not in parse_qs(urlsplit(url).query) and "PGTARGETSESSIONATTRS" not in os.environ:
        options["target_session_attrs"] = target
    return options


async def check_sessions(url: str) -> None:
    """Connect twice, and check that each connection keeps its own database session, as locks and LISTEN require.

    Args:
        url: The address of the database.

    Raises:
        PoolerError: `url` leads to a pooler in transaction mode, which may give each transaction another session.
        Exception: One of `ERRORS`: the database cannot be reached, or refuses the connection.

    """
    options = connect_options(url, "alcove", "primary")
    # Without prepared statements, which fail in such a pooler with an error that does not name the cause.
    options |= {"timeout": _TIMEOUT_S, "command_timeout": _TIMEOUT_S, "statement_cache_size": 0}
    first = await asyncpg.connect(url, **options)
    try:
        async with first.transaction():
            backend = await first.fetchval("SELECT pg_backend_pid()")
        if backend == first.get_server_pid():
            return  # a direct connection: a pooler reports a process id that it made up
        second = await asyncpg.connect(url, **options)
        try:
            for _ in range(_ATTEMPTS):
                if await _share_sessions(first, second):
                    raise PoolerError(
                        "the address leads to a pooler in transaction mode (pool_mode of pgbouncer); the locks and"
                        " notifications of Alcove need sessions: give the database's own address, or pool_mode=session"
                    )
                await second.execute("SELECT 1")
        finally:
            second.terminate()
    finally:
        first.terminate()


async def _share_sessions(first: Any, second: Any) -> bool:
    """Return whether two connections share a session: `second` sees what `first` set, or `first` lost its own value.

    Args:
        first: A connection through the address to check.
        second: Another connection through it.

    """
    token = uuid4().hex
    await first.execute(f"SET alcove.session = '{token}'")
    query = "SELECT current_setting('alcove.session', true)"
    async with second.transaction():  # a pooler gives `second` the session that was used last
        if await second.fetchval(query) == token:
            return True
        async with first.transaction():
            return bool(await first.fetchval(query) != token)


async def database_time(url: str, timeout_s: float) -> float:
    """Ask the database for its clock, and return it in seconds since the epoch, corrected by half the round trip.

    Args:
        url: The address of the database.
        timeout_s: Seconds to wait for the connection, and for the query.

    Raises:
        Exception: One of `ERRORS`: the database cannot be reached, or refuses the connection.

    """
    connection = await asyncpg.connect(url, timeout=timeout_s, command_timeout=timeout_s, statement_cache_size=0)
    try:
        started = time.monotonic()
        now_s: float = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        return now_s + (time.monotonic() - started) / 2
    finally:
        await connection.close()
