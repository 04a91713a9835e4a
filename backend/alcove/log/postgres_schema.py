"""The schema of a PostgreSQL log: making it, and bringing it up to date, however many processes start at once."""

from pathlib import Path
from typing import Any

from alcove.log.base import LogUnusableError
from alcove.log.queries import schema_files

_STEPS = schema_files(Path(__file__).with_name("postgres"))
#: "Alcv": the advisory lock that one process at a time holds while it looks at the schema.
_LOCK = 0x416C6376


async def prepare(connection: Any) -> str:
    """Make the database's schema `alcove` a log, or bring it up to date; return the log's id.

    Raises LogUnusableError where the schema is another program's or too new, or the database cannot hold every text.
    """
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise LogUnusableError(
            f"the database's encoding is {encoding}, expected UTF8; make it with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        if not await connection.fetchval("SELECT to_regnamespace('alcove') IS NOT NULL"):
            await connection.execute("CREATE SCHEMA alcove")
            await connection.execute("CREATE TABLE alcove.meta (key text PRIMARY KEY, value text NOT NULL)")
            await connection.execute(
                "INSERT INTO alcove.meta VALUES ('schema', '0'), ('log_id', replace(gen_random_uuid()::text, '-', ''))"
            )
        elif not await connection.fetchval("SELECT to_regclass('alcove.meta') IS NOT NULL"):
            raise LogUnusableError("the database has a schema `alcove` of another program; use another database")
        version = int(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'schema'"))
        if version > len(_STEPS):
            raise LogUnusableError(
                f"the database has schema {version}, this Alcove knows up to {len(_STEPS)}; start a newer Alcove on it"
            )
        for step in _STEPS[version:]:
            await connection.execute(step)
        if version < len(_STEPS):
            await connection.execute("UPDATE alcove.meta SET value = $1 WHERE key = 'schema'", str(len(_STEPS)))
        return str(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'log_id'"))
