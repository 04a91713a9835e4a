"""Read and change the database of a log beside the server, as an operator or a failover does."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.storage.consumers import ConsumerLog

#: Opens the test's log; each further call opens the same storage again.
OpenLog = Callable[..., Awaitable[ConsumerLog]]


async def execute(url: str, *statements: str) -> None:
    """Run SQL on the database at `url`, with the table names of PostgreSQL (`alcove.` is removed for SQLite)."""
    if urlsplit(url).scheme == "sqlite":
        with closing(sqlite3.connect(urlsplit(url).path[1:])) as database, database:
            for statement in statements:
                database.execute(statement.replace("alcove.", ""))
        return
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def count_rows(url: str, table: str) -> int:
    """Count the rows of a table; `table` may end with a condition."""
    query = f"SELECT count(*) FROM alcove.{table}"  # noqa: S608 - the tests' own
    if urlsplit(url).scheme == "sqlite":
        with closing(sqlite3.connect(urlsplit(url).path[1:])) as database:
            return int(database.execute(query.replace("alcove.", "")).fetchone()[0])
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


async def lose_tail(url: str, item: str, head: int) -> None:
    """Remove a room's entries after `head`, as in an older copy of the database."""
    room = f"(SELECT room FROM alcove.rooms WHERE item = '{item}')"  # noqa: S608 - the tests' own items
    at = f"coalesce((SELECT at FROM alcove.entries WHERE room = {room} AND seq = {head}), 0)"  # noqa: S608
    await execute(
        url,
        f"UPDATE alcove.rooms SET head = {head}, at = {at} WHERE item = '{item}'",  # noqa: S608
        *(f"DELETE FROM alcove.{table} WHERE room = {room} AND seq > {head}" for table in ("entries", "ids", "marks")),  # noqa: S608
    )
