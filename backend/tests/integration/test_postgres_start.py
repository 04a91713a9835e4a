"""A PostgreSQL database that cannot be used stops the server at its start, with one clear line."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.integration.servers import BIN, Process
from tests.support.storage import execute


@pytest.fixture
async def latin1_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of a database that holds the characters of Western Europe only."""
    name = f"alcove_{uuid4().hex[:12]}"
    await execute(postgres_server, f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    yield urlsplit(postgres_server)._replace(path=f"/{name}").geturl()
    await execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


async def test_s6_a_database_that_cannot_hold_every_text_is_one_clear_line(latin1_url: str) -> None:
    process = Process([BIN / "alcove", "serve", "--port", "0"], env={"ALCOVE_DATABASE_URL": latin1_url})
    try:
        assert 0 != await asyncio.to_thread(process.exit_code)
    finally:
        process.end()

    (line,) = process.lines
    assert line.startswith("alcove: postgresql://")
    assert "encoding is LATIN1, expected UTF8" in line
