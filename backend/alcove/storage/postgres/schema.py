"""Create or migrate the schema of a PostgreSQL log; several processes may start at the same time."""

import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.item_ids import character_ranges
from alcove.storage.base import LogUnusableError
from alcove.storage.postgres.migration_progress import SCHEMA_BYTES, Connect, show_progress
from alcove.storage.queries import schema_files

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
#: The version of the schema that this version of Alcove needs.
VERSION = len(schema_files(_FOLDER))
#: The key of the advisory lock that is held while the schema is checked or migrated ("Alcv" in ASCII).
_LOCK_KEY = 0x416C6376
#: Seconds that a step may take, and that this process waits for another one that prepares the schema.
_MIGRATION_S = 86_400.0
_SET_VERSION = f"UPDATE alcove.meta SET value = '{VERSION}' WHERE key = 'schema';\n"  # noqa: S608 - a constant number
#: Set in the transaction, so that settings of role or database cannot make names resolve to other schemas.
_SEARCH_PATH = "SET LOCAL search_path = pg_catalog, pg_temp"
_CREATE_SCHEMA = """\
CREATE SCHEMA IF NOT EXISTS alcove;
CREATE TABLE alcove.meta (key text PRIMARY KEY, value text NOT NULL);
INSERT INTO alcove.meta VALUES ('schema', '0'), ('log_id', replace(gen_random_uuid()::text, '-', ''));
"""
#: The rights of a server's role if another role owns the schema.
_GRANTS = """\
GRANT USAGE ON SCHEMA alcove TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA alcove TO {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA alcove TO {role};
"""
#: Whether the schema exists, has objects, and is a log of Alcove; and the current role.
_SCHEMA_STATE = """
SELECT n.oid IS NOT NULL,
       EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid)
         OR EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid),
       EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid AND relname = 'meta' AND relkind = 'r'),
       current_user::text
FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = 'alcove'
"""
#: The rights that the current role lacks.
_MISSING_RIGHTS = """
SELECT 'USAGE on schema alcove' WHERE NOT has_schema_privilege('alcove', 'USAGE')
UNION ALL
SELECT format('%s on alcove.%I', p, c.relname)
FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p
WHERE c.relnamespace = 'alcove'::regnamespace AND c.relkind = 'r' AND c.relname <> 'outbox'
  AND NOT has_table_privilege(c.oid, p)
UNION ALL
SELECT format('EXECUTE on alcove.%I', f.proname)
FROM pg_proc f
WHERE f.pronamespace = 'alcove'::regnamespace AND f.prorettype <> 'trigger'::regtype
  AND f.proname NOT IN ('alcove_send', 'alcove_event') AND NOT has_function_privilege(f.oid, 'EXECUTE')
"""
_OBJECT_NAMES = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'alcove'::regnamespace
UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'alcove'::regnamespace
"""


async def prepare_schema(connection: Any, connect: Connect) -> str:
    """Create or migrate the schema `alcove` of the database, check this role's rights on it, and return the log's id.

    Args:
        connection: The connection to use.
        connect: Opens another connection, which reads the progress of a migration.

    Raises:
        LogUnusableError: The schema is another program's or too new, it lacks an object that this role may not create,
            or the database's encoding is not UTF8.

    """
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise LogUnusableError(
            f"the database's encoding is {encoding}, expected UTF8; create it with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    connection.add_log_listener(_log_database_warning)
    try:
        async with connection.transaction():
            await connection.execute(_SEARCH_PATH)
            await _lock(connection)
            version = await _migrate(connection, connect)
            await _check_names_and_rights(connection, _expected_names())
            if version < VERSION:
                logger.info("migrated the schema alcove from version %d to %d", version, VERSION)
            return str(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'log_id'"))
    finally:
        connection.remove_log_listener(_log_database_warning)


async def _lock(connection: Any) -> None:
    """Lock the schema until the transaction ends; log a line if another process has locked it."""
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK_KEY):
        logger.warning("waiting for another process, which prepares the schema alcove")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY, timeout=_MIGRATION_S)


async def _migrate(connection: Any, connect: Connect) -> int:
    """Run the missing steps of the schema, and return the version that it had before.

    Raises:
        LogUnusableError: The schema is another program's or too new, or this role may not change it.

    """
    exists, is_used, is_log, role = await connection.fetchrow(_SCHEMA_STATE)
    if is_used and not is_log:
        raise LogUnusableError("the database has a schema `alcove` of another program; use another database")
    if is_log:
        await _check_names_and_rights(connection, [])
    version = 0
    try:
        if not is_log:
            # An existing empty schema was prepared for this role, which may be unable to create schemas.
            await connection.execute(_CREATE_SCHEMA if not exists else _CREATE_SCHEMA.partition("\n")[2])
        version = int(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'schema'"))
        if version > VERSION:
            raise LogUnusableError(
                f"the database has schema {version}, this Alcove knows up to {VERSION}; start a newer Alcove on it"
            )
        for number, step in enumerate(_steps(version), version + 1):
            if version == 0:  # a new schema is empty
                await connection.execute(step)
                continue
            logger.warning("migrating the schema alcove, step %d of %d: %s", number, VERSION, _purpose(step))
            async with show_progress(connect, await connection.fetchval(SCHEMA_BYTES)):
                await connection.execute(step, timeout=_MIGRATION_S)
        if version < VERSION:
            await connection.execute(_SET_VERSION)
    except asyncpg.InsufficientPrivilegeError as error:
        since = f" --since {version}" if version else ""
        raise LogUnusableError(
            f"role {role} may not create the schema it needs ({error}); run as a role that may:"
            f" alcove schema{since} --role {role}"
        ) from None
    return version


async def _check_names_and_rights(connection: Any, expected: list[str]) -> None:
    """Check that the schema has all expected objects, and that this role has the rights that it needs on them.

    Args:
        connection: The connection to use.
        expected: The names of tables, views and functions.

    Raises:
        LogUnusableError: An object or a right is missing.

    """
    names = {name for (name,) in await connection.fetch(_OBJECT_NAMES)}
    missing = [f"alcove.{name}" for name in expected if name not in names]
    missing += [right for (right,) in await connection.fetch(_MISSING_RIGHTS)]
    if missing:
        role = await connection.fetchval("SELECT current_user::text")
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise LogUnusableError(
            f"role {role} lacks {', '.join(missing[:3])}{more} in the schema alcove; its owner can run what"
            f" `alcove schema --role {role}` prints from `GRANT` on"
        )


def script(since: int, role: str | None) -> str:
    """Build the SQL script that `alcove schema` prints.

    Args:
        since: The version of the current schema; 0: there is none, and the script creates it.
        role: The role of the server, which is granted its rights; None: no rights are granted.

    """
    parts = ["BEGIN", _SEARCH_PATH, f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"]
    parts = [";\n".join(parts) + ";\n", _CREATE_SCHEMA if since == 0 else "", *_steps(since), _SET_VERSION]
    if role is not None:
        parts.append(_GRANTS.format(role=_quote_identifier(role)))
    return "\n".join([*parts, "COMMIT;\n"])


def _steps(since: int) -> list[str]:
    """Return the SQL of each step after version `since`, in order."""
    return [step.replace("{item_characters}", character_ranges()) for step in schema_files(_FOLDER)[since:]]


def _purpose(step: str) -> str:
    """Return the first sentence of the comment at the beginning of a step, up to the end of the line."""
    return step.removeprefix("-- ").partition("\n")[0].partition(". ")[0].rstrip(".,")


@cache
def _expected_names() -> list[str]:
    """Collect from the steps the names of tables, views and functions that exist after all of them."""
    names: dict[str, None] = {"meta": None}
    change = re.compile(
        r"^(CREATE|DROP) (?:OR REPLACE |UNLOGGED )*(?:TABLE|VIEW|FUNCTION)(?: IF EXISTS)? alcove\.(\w+)", re.MULTILINE
    )
    for step in schema_files(_FOLDER):
        for verb, name in change.findall(step):
            if verb == "CREATE":
                names[name] = None
            else:
                names.pop(name, None)
    return list(names)


def _quote_identifier(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _log_database_warning(_connection: object, message: Any) -> None:
    """Log a warning of the database (asyncpg's callback); ignore notices, such as that an object exists already."""
    if message.severity_en == "WARNING":
        logger.warning("%s", message.message)
