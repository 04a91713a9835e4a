"""The schema of a PostgreSQL log: making it, and bringing it up to date, however many processes start at once."""

import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.item_ids import characters
from alcove.storage.base import LogUnusableError
from alcove.storage.queries import schema_files

log = logging.getLogger("alcove.log")

_FOLDER = Path(__file__).parent
#: The schema that this version of Alcove works with.
VERSION = len(schema_files(_FOLDER))
#: "Alcv": the advisory lock that one process at a time holds while it looks at the schema.
_LOCK = 0x416C6376
#: Whatever the role's and the database's own settings are: nothing is made or found in other schemas by chance.
_SEARCH_PATH = "SET LOCAL search_path = pg_catalog, pg_temp"
_CREATE = """\
CREATE SCHEMA IF NOT EXISTS alcove;
CREATE TABLE alcove.meta (key text PRIMARY KEY, value text NOT NULL);
INSERT INTO alcove.meta VALUES ('schema', '0'), ('log_id', replace(gen_random_uuid()::text, '-', ''));
"""
#: What a server's role needs where another role owns the schema.
_GRANTS = """\
GRANT USAGE ON SCHEMA alcove TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA alcove TO {role};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA alcove TO {role};
"""
_STANDING = """
SELECT n.oid IS NOT NULL,
       EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid)
         OR EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid),
       EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid AND relname = 'meta' AND relkind = 'r'),
       current_user::text
FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = 'alcove'
"""
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
  AND f.proname <> 'alcove_send' AND NOT has_function_privilege(f.oid, 'EXECUTE')
"""
_NAMES = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'alcove'::regnamespace
UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'alcove'::regnamespace
"""


async def prepare(connection: Any) -> str:
    """Make the database's schema `alcove` a log, or bring it up to date; return the log's id.

    Raises LogUnusableError where the schema is another program's, too new, or lacks what this role may not make, or the
    database cannot hold every text.
    """
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise LogUnusableError(
            f"the database's encoding is {encoding}, expected UTF8; make it with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    connection.add_log_listener(_log_warning)
    try:
        async with connection.transaction():
            await connection.execute(_SEARCH_PATH)
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            version = await _make(connection)
            await _check(connection, _made_names())
            if version < VERSION:
                log.info("the schema alcove was brought from version %d to %d", version, VERSION)
            return str(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'log_id'"))
    finally:
        connection.remove_log_listener(_log_warning)


async def _make(connection: Any) -> int:
    """Make what is missing; return the version that was there. Raises LogUnusableError."""
    exists, is_used, is_log, role = await connection.fetchrow(_STANDING)
    if is_used and not is_log:
        raise LogUnusableError("the database has a schema `alcove` of another program; use another database")
    if is_log:
        await _check(connection, [])
    version = 0
    try:
        if not is_log:
            # A schema that is there and empty was prepared for this role.
            await connection.execute(_CREATE if not exists else _CREATE.partition("\n")[2])
        version = int(await connection.fetchval("SELECT value FROM alcove.meta WHERE key = 'schema'"))
        if version > VERSION:
            raise LogUnusableError(
                f"the database has schema {version}, this Alcove knows up to {VERSION}; start a newer Alcove on it"
            )
        if version < VERSION:
            await connection.execute(_steps(version))
    except asyncpg.InsufficientPrivilegeError as error:
        since = f" --since {version}" if version else ""
        raise LogUnusableError(
            f"role {role} may not make the schema it needs ({error}); run as a role that may:"
            f" alcove schema{since} --role {role}"
        ) from None
    return version


async def _check(connection: Any, expected: list[str]) -> None:
    """Raises LogUnusableError where a schema that another role has made lacks a name, or this role a right on it."""
    names = {name for (name,) in await connection.fetch(_NAMES)}
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
    """Return SQL that makes the schema, or brings it from version `since` up to date, and lets `role` serve it."""
    parts = ["BEGIN", _SEARCH_PATH, f"SELECT pg_advisory_xact_lock({_LOCK})"]
    parts = [";\n".join(parts) + ";\n", _CREATE if since == 0 else "", _steps(since)]
    if role is not None:
        parts.append(_GRANTS.format(role=_quoted(role)))
    return "\n".join([*parts, "COMMIT;\n"])


def _steps(since: int) -> str:
    """Return the steps that a schema at version `since` has not taken."""
    steps = [step.replace("{item_characters}", characters()) for step in schema_files(_FOLDER)[since:]]
    done = f"UPDATE alcove.meta SET value = '{VERSION}' WHERE key = 'schema';\n"  # noqa: S608 - a number of ours
    return "\n".join([*steps, done])


@cache
def _made_names() -> list[str]:
    """Return the names of tables, views and functions that the steps leave in the schema."""
    made: dict[str, None] = {"meta": None}
    change = re.compile(
        r"^(CREATE|DROP) (?:OR REPLACE |UNLOGGED )*(?:TABLE|VIEW|FUNCTION)(?: IF EXISTS)? alcove\.(\w+)", re.MULTILINE
    )
    for step in schema_files(_FOLDER):
        for verb, name in change.findall(step):
            if verb == "CREATE":
                made[name] = None
            else:
                made.pop(name, None)
    return list(made)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _log_warning(_connection: object, message: Any) -> None:
    """Log what a step warns of; a notice that something exists already is no news."""
    if message.severity_en == "WARNING":
        log.warning("%s", message.message)
