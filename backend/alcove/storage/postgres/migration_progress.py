"""Show the progress of a migration of a PostgreSQL schema, whose statements report nothing before their end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from alcove import background
from alcove.postgres_driver import ERRORS
from alcove.progress import Progress

logger = logging.getLogger(__name__)

#: Opens another connection to the database.
Connect = Callable[[], Awaitable[Any]]

#: Seconds between two reads of the progress.
_POLL_S = 0.5
#: Seconds to wait for a read that is in progress when the step ends.
_LAST_POLL_S = 5.0
_MB = 1_000_000
#: The bytes of all tables and indexes. Only the migrating connection can read them, because a step may lock them.
SCHEMA_BYTES = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::float8 FROM pg_class
WHERE relnamespace = 'alcove'::regnamespace AND relkind = 'r'
"""
#: The bytes of the write-ahead log, to which every change is written.
_WAL_BYTES = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8"


@asynccontextmanager
async def show_progress(connect: Connect, expected_bytes: float) -> AsyncIterator[None]:
    """Log the progress of a long step while the block runs: the bytes written, of about `expected_bytes`.

    The database server counts all bytes together, so other programs' writes are included.

    Args:
        connect: Opens another connection to the database.
        expected_bytes: The bytes of the schema (`SCHEMA_BYTES`), because a step writes about as many.

    """
    ended = asyncio.Event()
    task = asyncio.create_task(_report_progress(connect, expected_bytes, ended))
    try:
        yield
    finally:
        # Do not cancel the task first: a driver that is cancelled while it connects leaves its socket open.
        ended.set()
        await asyncio.wait([task], timeout=_LAST_POLL_S)
        await background.cancel(task)


async def _report_progress(connect: Connect, expected_bytes: float, ended: asyncio.Event) -> None:
    """Log the bytes written every `_POLL_S` until `ended` is set, or a warning if the database does not report them."""
    if await _wait_for_end(ended):
        return
    try:
        connection = await connect()
    except ERRORS as error:
        logger.warning("the progress of the migration is not known: %s", error)
        return
    try:
        before = await connection.fetchval(_WAL_BYTES)
        progress = Progress(
            "MB written", expected_bytes / _MB, log=lambda line: logger.warning("schema alcove: %s", line)
        )
        try:
            while not await _wait_for_end(ended):
                progress.update((await connection.fetchval(_WAL_BYTES) - before) / _MB)
        finally:
            progress.finish()
    except ERRORS as error:
        logger.warning("the progress of the migration is not known: %s", error)
    finally:
        connection.terminate()


async def _wait_for_end(ended: asyncio.Event) -> bool:
    """Wait up to `_POLL_S` for the end of the step; return whether it has ended."""
    with suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), _POLL_S)
    return ended.is_set()
