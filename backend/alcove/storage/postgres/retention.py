"""Remove expired entries and ids from a PostgreSQL log, in one process at a time (L5)."""

from pathlib import Path
from typing import Any

from alcove.clock import now_ms
from alcove.limits import Retention
from alcove.storage.queries import load_queries

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: "Alcw": the advisory lock of the process that removes expired entries.
_LOCK_KEY = 0x416C6377
#: The most rooms that one statement takes (queries.sql has the same number).
_MAX_ROOMS = 100


async def remove_expired(connection: Any, retention: Retention) -> None:
    """Remove expired entries and ids in short transactions; do nothing while another process removes them.

    Args:
        connection: The connection to use, which holds an advisory lock meanwhile.
        retention: How much of each room is kept.

    """
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):
        return
    entries, cutoff = retention.entries, retention.cutoff(now_ms())
    try:
        if cutoff is not None:
            while await connection.fetchval(_SQL["remove_expired"], entries, cutoff) == _MAX_ROOMS:
                pass
        await connection.execute(_SQL["delete_ids"], retention.ids_cutoff(now_ms()))
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK_KEY)
