"""What the log and the bus share of PostgreSQL: how to connect, and what the driver raises."""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg  # type: ignore[import-untyped] # it ships no types

#: What the driver raises when the database is away, restarts, is too busy, or refuses; and for values it cannot send.
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, UnicodeError)


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
