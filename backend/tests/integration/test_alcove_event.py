"""Test that an application can store events with SQL, in its own transaction (S14, X5)."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.storage.base import Log
from alcove.storage.open import open_log

EVENT = "alcove_event('foo', $1, 'shop', 'The shop', 'shipped', $2)"


@pytest.fixture
async def log(postgres_url: str) -> AsyncIterator[Log]:
    """Open a log on PostgreSQL."""
    log = await open_log(postgres_url)
    yield log
    await log.close()


@pytest.fixture
async def shop(postgres_url: str, log: Log) -> AsyncIterator[Any]:  # Any: asyncpg has no types
    """Open a database connection of the application."""
    assert log
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def test_s14_x5_commit_stores_the_event_once_and_a_rollback_nothing(log: Log, shop: Any) -> None:
    transaction = shop.transaction()
    await transaction.start()
    await shop.execute(f"SELECT {EVENT}", "a", None)
    await transaction.rollback()
    async with shop.transaction():
        await shop.execute("SELECT alcove_send('foo', 'm', 'shop', 'The shop', 'thanks'::text)")
        await shop.execute(f"SELECT {EVENT}", "b", '{"parcel":17}')
        await shop.execute("SELECT alcove_event('foo', 'c', 'shop', 'The shop', 'paid')")
    await shop.execute(f"SELECT {EVENT}", "b", '{"parcel":18}')

    entries = (await log.read("foo", limit=9)).entries
    assert [entry.kind for entry in entries] == ["message", "event", "event"]
    assert [bytes(entry.body) for entry in entries if entry.body] == [
        b'"thanks"',
        b'{"data": {"parcel": 17}, "text": "shipped"}',
        b'{"text": "paid"}',
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("'a b', 'x', 'shop', 'The shop', 'shipped'", "item"),
        ("'foo', '', 'shop', 'The shop', 'shipped'", "id"),
        ("'foo', 'x', '', 'The shop', 'shipped'", "by_id"),
        ("'foo', 'x', 'shop', '', 'shipped'", "by_name"),
        ("'foo', 'x', 'shop', 'The shop', ''", "text"),
        ("'foo', 'x', 'shop', 'The shop', NULL", "text"),
    ],
)
async def test_s14_invalid_event_fails_the_sql_statement(shop: Any, arguments: str, text: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=text):
        await shop.execute(f"SELECT alcove_event({arguments})")


async def test_s14_role_without_the_right_may_not_send_an_event(shop: Any) -> None:
    await shop.execute("CREATE ROLE stranger_to_events")
    try:
        await shop.execute("SET ROLE stranger_to_events")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await shop.execute(f"SELECT {EVENT}", "a", None)
    finally:
        await shop.execute("RESET ROLE")
        await shop.execute("DROP ROLE stranger_to_events")
