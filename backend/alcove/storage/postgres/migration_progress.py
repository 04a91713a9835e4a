"""Show how far a migration of a PostgreSQL schema is, which no statement tells before its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from alcove import background
from alcove.postgres_driver import ERRORS
from alcove.progress import Progress

logger = logging.getLogger(__name__)

#: Opens another connection to the database.
Connect = Callable[[], Awaitable[Any]]

#: Seconds between two looks.
_LOOK_S = 0.5
_MB = 1_000_000
#: The bytes of all tables and indexes. Only the migrating connection can ask: a step may lock them.
SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8 FROM pg_class
WHERE relnamespace = 'alcove'::regnamespace AND relkind = 'r'
"""
#: The bytes of the write-ahead log, to which every change goes.
_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8"


@asynccontextmanager
async def shown(connect: Connect, size: float) -> AsyncIterator[None]:
    """Show the progress of a step that takes long: the bytes written, of about as many as the schema has (`SIZE`).

    They are those of the whole database server, so other programs' writes count as well.
    """
    task = asyncio.create_task(_show(connect, size))
    try:
        yield
    finally:
        await background.cancel(task)


async def _show(connect: Connect, size: float) -> None:
    """Look again and again until cancelled; without progress where the database does not tell."""
    try:
        connection = await connect()
    except ERRORS as error:
        logger.warning("the progress of the migration is not known: %s", error)
        return
    try:
        before = await connection.fetchval(_WRITTEN)
        progress = Progress("MB written", size / _MB, log=lambda line: logger.warning("schema alcove: %s", line))
        try:
            while True:
                progress.reach((await connection.fetchval(_WRITTEN) - before) / _MB)
                await asyncio.sleep(_LOOK_S)
        finally:
            progress.finish()
    except ERRORS as error:
        logger.warning("the progress of the migration is not known: %s", error)
    finally:
        connection.terminate()
