"""Test that an application's role can send with SQL, in a schema of the server or of an administrator (X5)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest
from typer.testing import CliRunner

from alcove.cli import main
from alcove.storage.base import Log, LogUnusableError
from alcove.storage.open import open_log
from alcove.storage.postgres import schema as postgres_schema
from alcove.storage.queries import schema_files
from tests.support.drafts import append, message, read_bodies
from tests.support.item_ids import INVALID_IDS, VALID_IDS

GUIDE = (Path(__file__).parents[2] / "docs/processes.md").read_text()
#: The SQL of the guide that grants the application's role `shop` the right to send.
(GRANTS,) = re.findall(r"```sql\n(CREATE ROLE shop.*?)```", GUIDE, re.DOTALL)
SEND_CALL = "alcove.alcove_send($1, $2, 'shop', 'The shop', 'hello')"


def url_for(url: str, role: str) -> str:
    """Return the URL of the same database for another role."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}").geturl()


@asynccontextmanager
async def superuser_connection(url: str, *names: str) -> AsyncIterator[Any]:  # Any: asyncpg has no types
    """Open a superuser's connection; drop the roles that the test creates, because they belong to the whole server."""
    operator = await asyncpg.connect(url)
    try:
        yield operator
    finally:
        for name in names:
            await operator.execute(f"DROP OWNED BY {name} CASCADE")
            await operator.execute(f"DROP ROLE {name}")
        await operator.close()


@pytest.fixture
async def log(postgres_url: str) -> AsyncIterator[Log]:
    """Open a log whose schema the server's role `alcove` created."""
    log = await open_log(postgres_url)
    yield log
    await log.close()


@pytest.fixture
async def shop(postgres_url: str, log: Log) -> AsyncIterator[Any]:  # Any: asyncpg has no types
    """Open a connection of the application's role, which has the rights that the guide grants."""
    assert log
    async with superuser_connection(postgres_url, "shop") as operator:
        assert await operator.fetchval("SELECT current_user") == "alcove", "as in docker-compose.yml"
        await operator.execute(GRANTS)
        application = await asyncpg.connect(url_for(postgres_url, "shop"))
        yield application
        await application.close()


async def test_x5_functions_fix_their_search_path_and_require_a_grant(postgres_url: str, log: Log) -> None:
    assert log
    async with superuser_connection(postgres_url) as operator:
        function_counts = await operator.fetch(
            "SELECT pronamespace::regnamespace::text, count(*) FROM pg_proc WHERE proname = 'alcove_send' GROUP BY 1"
        )
        unsafe_functions = await operator.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'alcove'::regnamespace"
            " AND NOT coalesce(proconfig, '{}') && ARRAY['search_path=pg_catalog, pg_temp']"
        )
        public_functions = await operator.fetch(
            "SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
            " WHERE p.proname = 'alcove_send' AND a.grantee = 0"
            " OR p.pronamespace = 'alcove'::regnamespace AND a.grantee = 0"
        )

    assert set(map(tuple, function_counts)) == {("alcove", 2), ("public", 2)}
    assert unsafe_functions == [], "expected every function to fix its search path"
    assert public_functions == [], "expected no function that every role may call"


@pytest.mark.parametrize("path", ['"$user", public', "", "pg_temp", "shop, public"])
async def test_x5_grants_of_the_guide_allow_sends_with_any_search_path(shop: Any, log: Log, path: str) -> None:
    await shop.execute("SELECT set_config('search_path', $1, false)", path)
    await shop.execute(f"SELECT {SEND_CALL}", "foo", "a")
    await shop.execute("SELECT public.alcove_send('foo', 'b', 'shop', 'The shop', '{\"n\": 1}'::jsonb)")
    if "public" in path:
        await shop.execute("SELECT alcove_send('foo', 'c', 'shop', 'The shop', 'short')")

    expected = ['"hello"', '{"n": 1}', '"short"'][: 3 if "public" in path else 2]
    assert list((await read_bodies(log)).values()) == expected
    assert await shop.fetchval("SELECT count(*) FROM alcove.report") == len(expected)


async def test_x5_functions_ignore_objects_in_the_callers_search_path(postgres_url: str, shop: Any, log: Log) -> None:
    async with superuser_connection(postgres_url) as operator:
        await operator.execute("CREATE SCHEMA trap AUTHORIZATION shop")
    await shop.execute("""
        SET search_path = trap, pg_catalog;
        CREATE TABLE trap.outbox (item text);
        CREATE FUNCTION trap.length(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION trap.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
        CREATE FUNCTION trap.json_build_object(text, text, text, text, text, bigint) RETURNS json
          LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
    """)
    await shop.execute(f"SELECT {SEND_CALL}", "foo", "a")

    assert await read_bodies(log) == {1: '"hello"'}


@pytest.mark.parametrize(
    "forbidden",
    [
        "SELECT * FROM alcove.entries",
        "SELECT * FROM alcove.outbox",
        "INSERT INTO alcove.outbox (item, id, by_id, by_name, body) VALUES ('!revoked', 'a', 'b', 'c', '1')",
        "SELECT alcove.append('{a}', '{message}', '{a}', '{a}', '{a}', '{1}', '{1}', '{}', '{}', NULL, NULL)",
        "SELECT * FROM alcove.meta",
        "CREATE TABLE alcove.mine ()",
    ],
)
async def test_x5_applications_role_may_only_send(shop: Any, forbidden: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await shop.execute(forbidden)


async def test_x5_without_grants_a_role_sends_nothing(postgres_url: str, log: Log) -> None:
    async with superuser_connection(postgres_url, "stranger") as operator:
        await operator.execute("CREATE ROLE stranger LOGIN")
        stranger = await asyncpg.connect(url_for(postgres_url, "stranger"))
        for name in ("alcove.alcove_send", "public.alcove_send"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await stranger.execute(f"SELECT {name}('foo', 'a', 'b', 'c', 'd')")
        await stranger.close()

    assert await read_bodies(log) == {}


async def test_x5_h3_function_accepts_valid_item_ids_and_refuses_others(shop: Any, log: Log) -> None:
    for number, item_id in enumerate(VALID_IDS):
        await shop.execute(f"SELECT {SEND_CALL}", item_id, str(number))
    for invalid_id, normalized in INVALID_IDS:
        with pytest.raises(asyncpg.CheckViolationError, match="expected") as error:
            await shop.execute(f"SELECT {SEND_CALL}", invalid_id, "a")
        assert normalized in str(error.value)

    assert dict.fromkeys(VALID_IDS, 1) == {
        item: state.head for item, state in (await log.room_states(VALID_IDS)).items()
    }


@pytest.mark.parametrize(
    ("name", "max_characters", "arguments"),
    [
        ("id", 64, "'foo', $1, 'b', 'c'"),
        ("by_id", 128, "'foo', 'a', $1, 'c'"),
        ("by_name", 64, "'foo', 'a', 'b', $1"),
    ],
)
async def test_x5_s1_a3_ids_and_names_have_the_limits_of_the_protocol(
    shop: Any, name: str, max_characters: int, arguments: str
) -> None:
    await shop.execute(f"SELECT alcove.alcove_send({arguments}, 'd')", "é" * max_characters)
    for invalid in ("", "é" * (max_characters + 1), "x" * 100_000, None):
        with pytest.raises(asyncpg.CheckViolationError, match=f"^{name} .*: expected 1 to {max_characters} characters"):
            await shop.execute(f"SELECT alcove.alcove_send({arguments}, 'd')", invalid)


# --- schemas of earlier versions


async def test_h3_x5_upgrade_renames_invalid_rooms_and_keeps_grants(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    steps = schema_files(Path(postgres_schema.__file__).parent)
    async with superuser_connection(postgres_url, "shop") as operator:
        await operator.execute(postgres_schema._CREATE_SCHEMA + "".join(steps[:2]))
        await operator.execute("""
            UPDATE alcove.meta SET value = '2' WHERE key = 'schema';
            INSERT INTO alcove.rooms (item, head) SELECT unnest(ARRAY
              ['!revoked', 'café', E'cafe\\u0301', E'na\\u0303o', '.', '..', 'a b', 'a_b', 'fine']), 1;
            CREATE ROLE shop LOGIN;
            CREATE SCHEMA old;
            GRANT USAGE ON SCHEMA old TO shop;
            CREATE FUNCTION old.alcove_send(item text, id text, by_id text, by_name text, body jsonb) RETURNS void
              LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RAISE ''old''; END';
            REVOKE ALL ON FUNCTION old.alcove_send FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION old.alcove_send TO shop;
        """)
        log = await open_log(postgres_url)
        shop = await asyncpg.connect(url_for(postgres_url, "shop"))
        await shop.execute("SELECT old.alcove_send('fine', 'a', 'shop', 'The shop', '1'::jsonb)")
        await shop.close()
        items = await operator.fetch("SELECT item FROM alcove.rooms ORDER BY room")

        expected_items = ["!revoked", "café", "café_2", "não", "_", "__", "a_b_2", "a_b", "fine"]
        assert [item for (item,) in items] == expected_items
        assert (await log.room_states(["fine"]))["fine"].head == 2
        assert "the room 'a b' is now a_b_2" in caplog.text
        await log.close()


# --- schemas prepared by another role


def schema_output(role: str, *arguments: str) -> str:
    """Return the output of `alcove schema`."""
    result = CliRunner().invoke(main, ["schema", "--role", role, *arguments])
    assert result.exit_code == 0
    return result.output


async def test_x5_server_uses_a_schema_prepared_by_another_role(postgres_url: str) -> None:
    async with superuser_connection(postgres_url, "server") as operator:
        await operator.execute("CREATE ROLE server LOGIN")
        await operator.execute(schema_output("server"))
        log = await open_log(url_for(postgres_url, "server"))

        assert await append(log, message("a"), message("a")) == [(1, False), (1, True)]
        await operator.execute("SELECT alcove_send('foo', 'b', 'shop', 'The shop', 'hello')")
        assert await read_bodies(log) == {1: '"hello"', 2: '"hello"'}
        await log.close()


async def test_x5_server_fills_an_empty_schema_that_it_owns(postgres_url: str) -> None:
    async with superuser_connection(postgres_url, "server") as operator:
        await operator.execute("CREATE ROLE server LOGIN; CREATE SCHEMA alcove AUTHORIZATION server")
        log = await open_log(url_for(postgres_url, "server"))

        assert await append(log, message("a")) == [(1, False)]
        await operator.execute("SELECT alcove.alcove_send('foo', 'b', 'shop', 'The shop', 'hello')")
        assert await read_bodies(log) == {1: '"hello"', 2: '"hello"'}
        await log.close()


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("REVOKE INSERT, DELETE ON alcove.entries FROM server", "INSERT on alcove.entries, DELETE on alcove.entries"),
        ("REVOKE USAGE ON SCHEMA alcove FROM server", "USAGE on schema alcove"),
        ("DROP TABLE alcove.marks", "lacks alcove.marks"),
        ("DROP FUNCTION alcove.retain", "lacks alcove.retain"),
        ("REVOKE ALL ON FUNCTION alcove.now_ms FROM server", "EXECUTE on alcove.now_ms"),
        ("UPDATE alcove.meta SET value = '2' WHERE key = 'schema'", "alcove schema --since 2 --role server"),
        ("DROP SCHEMA alcove CASCADE", "alcove schema --role server"),
        ("DROP SCHEMA alcove CASCADE; CREATE SCHEMA alcove", "alcove schema --role server"),
        ("DROP TABLE alcove.meta", "a schema `alcove` of another program"),
    ],
)
async def test_x5_incomplete_prepared_schema_is_refused_in_one_line(
    postgres_url: str, statement: str, error: str
) -> None:
    async with superuser_connection(postgres_url, "server") as operator:
        await operator.execute("CREATE ROLE server LOGIN")
        await operator.execute(schema_output("server"))
        await operator.execute(statement)
        with pytest.raises(LogUnusableError, match=re.escape(error)) as unusable:
            await open_log(url_for(postgres_url, "server"))

    assert "\n" not in str(unusable.value)


async def test_x5_owner_can_upgrade_a_prepared_schema(postgres_url: str) -> None:
    steps = schema_files(Path(postgres_schema.__file__).parent)
    async with superuser_connection(postgres_url, "server") as operator:
        await operator.execute("CREATE ROLE server LOGIN")
        await operator.execute(postgres_schema._CREATE_SCHEMA + "".join(steps[:2]))
        await operator.execute(schema_output("server", "--since", "2"))
        log = await open_log(url_for(postgres_url, "server"))

        assert await append(log, message("a")) == [(1, False)]
        await log.close()
