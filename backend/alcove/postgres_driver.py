"""What the log and the bus share of PostgreSQL: how to connect, and what the driver raises."""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.errors import AlcoveError

#: What the driver raises when the database is away, restarts, is too busy, or refuses; and for values it cannot send.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, UnicodeError)


#: Seconds that one look at an address may take.
_LOOK_S = 5.0
#: How often a pooler is looked at: one that deals out its connections in turn may show the same one twice.
_LOOKS = 3


class PoolerError(AlcoveError):
    """The address leads to a pooler that gives each transaction another session; the message is one line."""


def connect_options(url: str, application_name: str, target: str) -> dict[str, Any]:
    """Options for asyncpg beside `url`.

    Args:
        url: The address; its own `target_session_attrs`, or that of the environment, counts before `target`.
        application_name: What `pg_stat_activity` shows.
        target: Which server to take of those that the address leads to, in libpq's words. Without it a standby would be
            taken, which an address may lead to for a moment during a failover.

    """
    options: dict[str, Any] = {"server_settings": {"application_name": application_name}}
    if "target_session_attrs" not in parse_qs(urlsplit(url).query) and "PGTARGETSESSIONATTRS" not in os.environ:
        options["target_session_attrs"] = target
    return options


async def check_sessions(url: str) -> None:
    """Check that a connection to `url` is one session of the database, which locks, LISTEN and statements need.

    Raises PoolerError where a pooler gives each transaction another session, and asyncpg's errors.
    """
    options = connect_options(url, "alcove", "primary")
    # Nothing is prepared: that would fail in such a pooler with an error of its own.
    one = await asyncpg.connect(url, timeout=_LOOK_S, command_timeout=_LOOK_S, statement_cache_size=0, **options)
    try:
        async with one.transaction():
            backend = await one.fetchval("SELECT pg_backend_pid()")
        if backend == one.get_server_pid():
            return  # no pooler is between: it would have told a number of its own
        other = await asyncpg.connect(url, timeout=_LOOK_S, command_timeout=_LOOK_S, statement_cache_size=0, **options)
        try:
            for _ in range(_LOOKS):
                if await _share_sessions(one, other):
                    raise PoolerError(
                        "the address leads to a pooler in transaction mode (pool_mode of pgbouncer); the locks and"
                        " notifications of Alcove need sessions: give the database's own address, or pool_mode=session"
                    )
                await other.execute("SELECT 1")
        finally:
            other.terminate()
    finally:
        one.terminate()


async def _share_sessions(one: Any, other: Any) -> bool:
    """Tell whether what `one` sets for its session is seen by `other`, or is lost to `one` meanwhile."""
    token = uuid4().hex
    await one.execute(f"SET alcove.session = '{token}'")
    question = "SELECT current_setting('alcove.session', true)"
    async with other.transaction():  # takes the session that was used last
        if await other.fetchval(question) == token:
            return True
        async with one.transaction():
            return bool(await one.fetchval(question) != token)
