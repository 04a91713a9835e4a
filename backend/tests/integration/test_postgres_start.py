"""Test the start on PostgreSQL: unusable databases are reported in one line, old schemas are migrated (S6, X2, R5)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove import progress
from alcove.postgres_driver import check_sessions
from alcove.storage.open import open_log
from alcove.storage.postgres import log as postgres
from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.drafts import append, message
from tests.support.pooler import TransactionPooler
from tests.support.servers import ALCOVE, Process
from tests.support.storage import execute

FIRST_SCHEMA = Path(postgres.__file__).with_name("001.sql")


@pytest.fixture
async def latin1_url(postgres_server: str) -> AsyncIterator[str]:
    """Create a database with the encoding LATIN1, and return its URL."""
    name = f"alcove_{uuid4().hex[:12]}"
    await execute(postgres_server, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
    await execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def failed_start_line(**env: str) -> str:
    """Run `alcove serve`, which must fail; return the only line of its output."""
    process = Process([ALCOVE, "serve", "--port", "0"], env=env)
    try:
        assert await asyncio.to_thread(process.wait_for_exit) != 0
    finally:
        process.end()
    (line,) = process.lines
    return line


async def test_s6_database_in_latin1_is_reported_in_one_line(latin1_url: str) -> None:
    line = await failed_start_line(ALCOVE_DATABASE_URL=latin1_url)
    assert line.startswith("alcove: postgresql://")
    assert "encoding is LATIN1, expected UTF8" in line


async def test_x2_pooler_in_transaction_mode_is_reported_in_one_line(postgres_url: str, tmp_path: Path) -> None:
    parts = urlsplit(postgres_url)
    assert parts.port is not None
    async with TransactionPooler(parts.port) as pooler:
        pooled = parts._replace(netloc=f"{parts.username}@127.0.0.1:{pooler.port}").geturl()
        lines = [
            await failed_start_line(ALCOVE_DATABASE_URL=pooled),
            await failed_start_line(ALCOVE_DATABASE_URL=f"sqlite:///{tmp_path}/alcove.db", ALCOVE_BUS_URL=pooled),
        ]

    for line in lines:
        assert "pooler in transaction mode" in line
        assert "pool_mode=session" in line
    assert "ALCOVE_BUS_URL" in lines[1]


async def test_x2_direct_connection_passes_the_session_check(postgres_url: str) -> None:
    await check_sessions(postgres_url)


@pytest.fixture
async def first_schema(postgres_url: str) -> str:
    """Create the schema of the first version in a database, and return its URL."""
    await execute(
        postgres_url,
        "CREATE SCHEMA alcove",
        "CREATE TABLE alcove.meta (key text PRIMARY KEY, value text NOT NULL)",
        "INSERT INTO alcove.meta VALUES ('schema', '1'), ('log_id', 'first')",
        FIRST_SCHEMA.read_text(),
    )
    return postgres_url


async def test_r5_migrated_rooms_keep_the_log_id_of_the_database(first_schema: str) -> None:
    await execute(
        first_schema,
        "INSERT INTO alcove.rooms (item, head, at) VALUES ('foo', 1, 1000)",
        """INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, at, body)
           VALUES (1, 1, 'message', 'a', 'ada', 'Ada', 1000, '"hello"')""",
        "INSERT INTO alcove.ids VALUES (1, 'ada', 'a', 1, 1000)",
    )
    log = await open_log(first_schema)
    try:
        assert ((page := await log.read("foo", limit=10)).log, page.head) == ("first", 1)
        assert await append(log, message("a"), message("b")) == [(1, True), (2, False)]
        # A process of the previous version, which still runs, calls the function that it knows.
        await execute(
            first_schema,
            """SELECT * FROM alcove.append(ARRAY['foo'], ARRAY['message'], ARRAY['c'], ARRAY['ada'], ARRAY['Ada'],
                 ARRAY[2000], ARRAY['1'], ARRAY[NULL::bigint], ARRAY[false], NULL, NULL)""",
        )
        assert (await log.room_states(["foo"]))["foo"].head == 3
    finally:
        await log.close()


async def wait_for_log_lines(caplog: pytest.LogCaptureFixture, prefix: str) -> list[str]:
    """Wait until messages with this prefix are logged; return them."""
    async with asyncio.timeout(TIMEOUT_S):
        while not (messages := [line for line in caplog.messages if line.startswith(prefix)]):
            await pause_briefly()
    return messages


async def test_migration_logs_its_progress_and_a_waiting_process_logs_that(
    first_schema: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "_LONG_S", 0)
    monkeypatch.setattr(progress, "_TERMINAL_S", 0)
    monkeypatch.setattr(progress, "_LOG_S", 0)
    reader = await asyncpg.connect(first_schema)
    try:
        async with reader.transaction():  # its lock blocks the second step, which changes the table
            await reader.execute("SELECT 1 FROM alcove.rooms")
            open_tasks = [asyncio.create_task(open_log(first_schema))]
            progress_lines = await wait_for_log_lines(caplog, "schema alcove: ")
            open_tasks.append(asyncio.create_task(open_log(first_schema)))
            await wait_for_log_lines(caplog, "waiting for another process, which prepares the schema alcove")
    finally:
        await reader.close()
    for log in await asyncio.gather(*open_tasks):
        await log.close()

    assert "MB written, " in progress_lines[0]
    steps = [line for line in caplog.messages if line.startswith("migrating ")]
    assert [line.partition(":")[0] for line in steps] == [
        f"migrating the schema alcove, step {number} of 6" for number in range(2, 7)
    ]
    assert steps[-1].endswith(": Number the rows of the outbox by a separate sequence")


async def test_creating_a_new_schema_logs_nothing(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    await (await open_log(postgres_url)).close()

    assert caplog.messages == []
