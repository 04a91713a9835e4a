"""Search every file of SQLite or every table of PostgreSQL for words (S9, W11, W14)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it ships no types

from tests.support.clients import TIMEOUT_S, pause_briefly


async def find_words(url: str, words: Sequence[str]) -> list[str]:
    """Return the names of the files beside a SQLite log, or of the tables of a database, that contain a word."""
    if url.startswith("sqlite:///"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        contents = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        return [path.name for path, data in contents.items() if any(word.encode() in data for word in words)]
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return [
            table
            for (table,) in tables
            if await connection.fetchval(
                f"SELECT EXISTS (SELECT FROM {table} t, unnest($1::text[]) w WHERE strpos(t::text, w) > 0)",  # noqa: S608 - the catalogue's name
                words,
            )
        ]
    finally:
        await connection.close()


async def wait_until_erased(url: str, words: Sequence[str]) -> None:
    """Wait until no file and no table contains one of the words."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while await find_words(url, words):
                await pause_briefly()
    except TimeoutError:
        found = await find_words(url, words)
        raise AssertionError(f"expected {words} to be erased in {TIMEOUT_S} s, found them in {found}") from None
