"""Test the contract of logs: the list of rooms uses indexes and has a time limit, with 100,000 rooms (W4)."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.item_ranges import ALL_ITEMS, Range, readable_ranges
from alcove.limits import ListLimits
from alcove.storage.base import ListRefusedError, Log
from alcove.storage.open import open_log
from alcove.storage.postgres import item_list as postgres_list
from alcove.storage.postgres.item_list import _SQL as POSTGRES_LIST
from alcove.storage.sqlite import item_list as sqlite_list
from tests.support.clients import eventually
from tests.support.drafts import append, message

ROOM_COUNT = 100_000
NOW_MS = 1_795_000_000_000
#: The rights of a token, and the latest three rooms that it lists. Rooms with a higher number are later.
RANGES: dict[str, tuple[dict[str, str], list[str]]] = {
    "everything": ({"*": "r"}, ["order-99999", "order-99998", "order-99997"]),
    "200 items": ({f"order-{n}": "r" for n in range(200)}, ["order-199", "order-198", "order-197"]),
    "an old prefix": ({"order-12*": "r"}, ["order-12999", "order-12998", "order-12997"]),
    "200 old prefixes": (
        {f"order-{n}*": "r" for n in range(100, 300)},
        ["order-29999", "order-29998", "order-29997"],
    ),
    "all but the latest": (
        {"*": "r", "order-9*": "", "order-8*": "w", "order-7*": "", "order-6*": ""},
        ["order-59999", "order-59998", "order-59997"],
    ),
    "all but 150 items": (
        {"*": "r", **{f"order-{n}": "" for n in range(99_850, 100_000)}},
        ["order-99849", "order-99848", "order-99847"],
    ),
    "nothing": ({"foo*": "r", "bar": "r"}, []),
}


@pytest.fixture
def many_rooms(storage: str) -> Callable[[], Awaitable[None]]:
    """Return a function that creates many rooms with one message each, by SQL."""

    async def create_rooms() -> None:
        await (await open_log(storage)).close()
        if storage.startswith("sqlite"):
            with closing(sqlite3.connect(storage.removeprefix("sqlite:///"))) as database, database:
                rows = [(n + 1, f"order-{n}", NOW_MS + n) for n in range(ROOM_COUNT)]
                database.executemany("INSERT INTO rooms (room, item, head, at) VALUES (?, ?, 1, ?)", rows)
                database.executemany(
                    "INSERT INTO entries (room, seq, id, by_id, by_name, at, body)"
                    """ VALUES (?, 1, ?, 'ada', 'Ada', ?, '"hello, all"')""",
                    rows,
                )
            return
        database = await asyncpg.connect(storage)
        await database.execute(
            "INSERT INTO alcove.rooms (item, head, at)"
            " SELECT 'order-' || n, 1, $2::bigint + n FROM generate_series(0, $1::bigint - 1) n",
            ROOM_COUNT,
            NOW_MS,
        )
        await database.execute(
            "INSERT INTO alcove.entries (room, seq, kind, id, by_id, by_name, at, body)"
            """ SELECT room, 1, 'message', item, 'ada', 'Ada', at, '"hello"' FROM alcove.rooms"""
        )
        await database.close()

    return create_rooms


@pytest.fixture
async def full_log(storage: str, many_rooms: Callable[[], Awaitable[None]]) -> AsyncIterator[Log]:
    """Return a log with many rooms."""
    await many_rooms()
    log = await open_log(storage)
    yield log
    await log.close()


async def test_w4_a3_latest_readable_items_are_listed(full_log: Log) -> None:
    for name, (items, expected) in RANGES.items():
        rooms = await full_log.list_rooms(readable_ranges(items), "bob", limit=3)
        assert [room.item for room in rooms] == expected, name
        assert all(room.head == room.unread == 1 for room in rooms)


async def test_w4_slow_list_is_cancelled_and_the_next_list_succeeds(
    storage: str, many_rooms: Callable[[], Awaitable[None]]
) -> None:
    await many_rooms()
    log = await open_log(storage, lists=ListLimits(seconds=0.001))
    try:
        with pytest.raises(ListRefusedError, match=r"longer than 0\.001 s; ask for fewer items"):
            await log.list_rooms(readable_ranges(RANGES["all but the latest"][0]), "bob", limit=500)
        log._list_limits = ListLimits(seconds=60)  # type: ignore[attr-defined]
        assert len(await log.list_rooms([ALL_ITEMS], "bob", limit=3)) == 3
        assert await append(log, message("a", item="order-1")) == [(2, False)]
    finally:
        await log.close()


async def test_w4_waiting_lists_are_bounded_and_do_not_delay_joins(storage: str) -> None:
    log = await open_log(storage, lists=ListLimits(waiting_lists=2))
    await append(log, message("a"))
    async with log._lists._lock:  # type: ignore[attr-defined] # as while another list is being read
        list_tasks = [asyncio.create_task(log.list_rooms([ALL_ITEMS], "bob", limit=1)) for _ in range(2)]
        await eventually(lambda: log._lists._waiting == 2)  # type: ignore[attr-defined]
        with pytest.raises(ListRefusedError, match="2 lists of rooms are waiting already"):
            await log.list_rooms([ALL_ITEMS], "bob", limit=1)
        assert (await log.read("foo", limit=1)).head == 1
        assert (await log.room_states(["foo"]))["foo"].head == 1
    assert [[room.item for room in rooms] for rooms in await asyncio.gather(*list_tasks)] == [["foo"], ["foo"]]
    await log.close()


# --- queries of SQLite


class StepCounter:
    """A counter of the steps that SQLite's virtual machine takes for a query."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self.steps = 0

    def count_steps(self, ranges: Sequence[Range]) -> int:
        """Find the rooms in the ranges, and return the number of steps."""
        self.steps = 0

        def add_step() -> int:
            self.steps += 1
            return 0

        self._database.set_progress_handler(add_step, 1)
        sqlite_list.find_rooms(self._database, ranges, 100)
        return self.steps

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
async def test_w4_sqlite_reads_only_readable_rooms(full_log: Log, tmp_path: Path) -> None:
    with closing(StepCounter(tmp_path / "alcove.db")) as counter:
        steps = {name: counter.count_steps(readable_ranges(items)) for name, (items, _) in RANGES.items()}

    assert full_log
    # 1,000 rooms by time take about 20,000 steps; those in a range about 15 each, and each range some more.
    assert steps["everything"] < 5_000
    assert steps["200 items"] < 20_000
    assert steps["nothing"] < 25_000
    assert steps["an old prefix"] < 60_000
    assert steps["200 old prefixes"] < 600_000
    assert steps["all but 150 items"] < 25_000


# --- queries of PostgreSQL


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
async def test_w4_postgresql_reads_only_readable_rooms(full_log: Log, storage: str) -> None:
    assert full_log
    database = await asyncpg.connect(storage)
    await database.execute("SET enable_seqscan = off")
    row_counts = {}
    for name, (items, _) in RANGES.items():
        ranges = readable_ranges(items)
        arguments = [first for first, _ in ranges], [end for _, end in ranges], 100, 2**62, 0
        row_counts[name] = sum(await rows_of_rooms(database, POSTGRES_LIST["rooms_in_ranges"], *arguments))
    recent = await rows_of_rooms(
        database, POSTGRES_LIST["recent_rooms"], postgres_list.MAX_RECENT_ROOMS, ["a", "b"], 100, 2**62, 0
    )
    await database.close()

    # One row more than requested, which shows where the rooms of the same time end.
    assert recent == [postgres_list.MAX_RECENT_ROOMS + 1]
    assert (row_counts["200 items"], row_counts["an old prefix"], row_counts["nothing"]) == (200, 1_111, 0)


async def rows_of_rooms(database: Any, query: str, *arguments: object) -> list[int]:
    """Return how many rows of the table of rooms each node of a query's plan reads.

    Raises AssertionError if it reads all.
    """
    (plan,) = await database.fetchrow(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *arguments)
    row_counts: list[int] = []

    def add_node(node: dict[str, Any]) -> None:
        if node.get("Relation Name") == "rooms":
            assert node["Node Type"] in {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}, node
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            row_counts.append(round(rows * node["Actual Loops"]))
        for child in node.get("Plans", []):
            add_node(child)

    add_node(json.loads(plan)[0]["Plan"])
    return row_counts
