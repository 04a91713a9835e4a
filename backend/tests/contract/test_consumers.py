"""Test the contract of consumers on every log: positions, leases and commands (K1 to K4)."""

import pytest
from msgspec.structs import replace

from alcove.storage.base import Draft, Position
from alcove.storage.consumers import Backlog, ConsumerLog, Failure, ItemPosition
from tests.support.drafts import append, edit, message
from tests.support.storage import OpenLog, lose_tail

#: The process that has the lease.
OWNER = "one process"
#: The consumer.
NAME = "webhook"
FAILURE = Failure(attempts=3, since=1000, due=2000, error="HTTP 500")


@pytest.fixture
async def log(open_again: OpenLog) -> ConsumerLog:
    """Open a log that keeps everything."""
    return await open_again()


async def read_position(log: ConsumerLog, item: str = "foo") -> ItemPosition:
    """Return the position of the consumer in the log of the item."""
    (stored,) = await log.consumers.positions(NAME, [item])
    return stored


async def read_pending_items(log: ConsumerLog, limit: int = 2) -> list[str]:
    """Return all items that wait for delivery, read in pages."""
    items: list[str] = []
    after: int | None = 0
    while after is not None:
        page, after = await log.consumers.pending_positions(NAME, after, limit=limit)
        items += [position.item for position in page]
    return items


async def store_position(log: ConsumerLog, item: str = "foo", *, seq: int, failure: Failure | None = None) -> set[str]:
    """Take the lease, store a position, and return the items whose position was stored."""
    await log.consumers.lease([NAME], OWNER, 60_000)
    old = await read_position(log, item)
    moved = ItemPosition(item, old.log, old.head, seq, old.revision, failure)
    return await log.consumers.save(NAME, OWNER, [moved])


async def test_k1_consumer_starts_at_the_heads_of_existing_rooms(
    log: ConsumerLog,
) -> None:
    await append(log, message("a"), message("b"))
    await log.consumers.register(NAME)
    assert await read_pending_items(log) == []

    await append(log, message("c"))
    await append(log, message("d", item="bar"), message("e", item="!internal"))
    await log.consumers.register(NAME)  # the second time changes nothing

    assert await read_pending_items(log) == ["foo", "bar"]
    assert (await read_position(log)).seq == 2
    assert (await read_position(log, "bar")).seq == 0
    assert await log.consumers.backlog(NAME) == Backlog(items=2, entries=2, parked=0)
    assert await log.consumers.names() == [NAME]


async def test_k2_pending_positions_are_read_in_pages(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    items = [f"item-{number}" for number in range(5)]
    await append(log, *(message("a", item=item) for item in items))
    assert await read_pending_items(log) == items

    assert await store_position(log, "item-3", seq=1) == {"item-3"}

    assert await read_pending_items(log) == ["item-0", "item-1", "item-2", "item-4"]
    assert await log.consumers.positions(NAME, ["nowhere"]) == []


async def test_k2_position_and_failure_survive_a_restart(open_again: OpenLog) -> None:
    log = await open_again()
    await log.consumers.register(NAME)
    await append(log, message("a"), message("b"))
    await store_position(log, seq=1, failure=FAILURE)

    reopened_position = await read_position(await open_again())

    assert (reopened_position.seq, reopened_position.head, reopened_position.failure) == (1, 2, FAILURE)


async def test_k2_position_read_before_a_command_does_not_overwrite_it(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    await append(log, message("a"), message("b"))
    await store_position(log, seq=0, failure=FAILURE)
    old = await read_position(log)

    assert await log.consumers.skip(NAME, "foo")
    assert await log.consumers.save(NAME, OWNER, [old]) == set()

    new = await read_position(log)
    assert (new.seq, new.failure) == (1, None)
    assert new.revision > old.revision


async def test_k3_parked_items_wait_for_retry_or_skip(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    await append(log, message("a"))
    await append(log, message("b", item="bar"))
    parked = Failure(3, 1000, 2000, "HTTP 500", parked=True)
    await store_position(log, seq=0, failure=parked)
    await store_position(log, "bar", seq=0, failure=FAILURE)

    assert await read_pending_items(log) == ["bar"]
    assert [position.item for position in await log.consumers.failing_positions(NAME, limit=9)] == ["foo", "bar"]
    assert await log.consumers.parked_count(NAME) == 1
    assert await log.consumers.backlog(NAME) == Backlog(items=2, entries=2, parked=1)

    assert await log.consumers.retry(NAME, "foo") == 1
    assert await read_pending_items(log) == ["foo", "bar"]
    failure = (await read_position(log)).failure
    assert failure is not None
    assert (failure.due, failure.parked) == (0, False)
    assert await log.consumers.retry(NAME, None) == 2
    assert not await log.consumers.skip(NAME, "nowhere")


async def test_k3_each_command_increases_the_revision(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    before = (await log.consumers.lease([NAME], OWNER, 60_000))[NAME]
    await log.consumers.disable(NAME, "digest")
    after = (await log.consumers.lease([NAME], OWNER, 60_000))[NAME]
    assert (before.disabled, after.disabled) == (None, "digest")
    await log.consumers.retry(NAME, None)
    assert before.revision < after.revision < (await log.consumers.lease([NAME], OWNER, 60_000))[NAME].revision
    assert await log.consumers.find("unknown") is None


async def test_k2_w11_deleted_room_is_delivered_from_its_new_start(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    await append(log, message("a"), message("b"))
    await store_position(log, seq=2)
    old = await read_position(log)

    await log.delete_room("foo")
    assert await read_pending_items(log) == []
    assert await log.consumers.save(NAME, OWNER, [old]) == set()  # the position belongs to another history
    await append(log, message("a"))

    assert await read_pending_items(log) == ["foo"]
    assert (await read_position(log)).seq == 0


async def test_k2_x8_room_with_lost_entries_is_delivered_from_its_new_head(storage: str, open_again: OpenLog) -> None:
    log = await open_again()
    await log.consumers.register(NAME)
    await append(log, message("a"), message("b"), message("c"))
    await store_position(log, seq=3)
    page = await log.read("foo", limit=9)
    await lose_tail(storage, "foo", 2)

    await log.verify_history("foo", Position(page.log, 3, page.entries[-1].at))
    await append(log, message("d"))

    assert (await read_position(log)).seq == 2
    assert await read_pending_items(log) == ["foo"]


def imported_draft(id: str, *, item: str = "foo") -> Draft:
    """Create the draft of an imported message."""
    return replace(message(id, item=item), imported=True)


async def test_k1_log_records_imported_entries(storage: str, open_again: OpenLog) -> None:
    log = await open_again()
    await append(
        log,
        imported_draft("a"),
        imported_draft("b", item="bar"),
        imported_draft("c"),
        message("d"),
        imported_draft("e"),
    )
    await append(log, imported_draft("a"), imported_draft("f"), edit("g", 1))  # the first one is a duplicate
    await append(log, message("h"))

    assert sorted(await log.consumers.imported_ranges("foo", 1, 7)) == [(1, 2), (4, 4), (5, 5)]
    assert await log.consumers.imported_ranges("foo", 2, 3) == [(1, 2)]
    assert await log.consumers.imported_ranges("foo", 6, 7) == []
    assert await log.consumers.imported_ranges("bar", 1, 1) == [(1, 1)]

    page = await log.read("foo", limit=9)
    await lose_tail(storage, "foo", 1)
    await log.verify_history("foo", Position(page.log, 7, page.entries[-1].at))
    assert await log.consumers.imported_ranges("foo", 1, 7) == [(1, 1)]
    await log.delete_room("foo")
    assert await log.consumers.imported_ranges("foo", 1, 7) == []


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
async def test_k4_one_process_has_the_lease_until_its_end_or_release(log: ConsumerLog) -> None:
    await log.consumers.register(NAME)
    await append(log, message("a"))
    assert set(await log.consumers.lease([NAME, "unknown"], OWNER, 60_000)) == {NAME}
    assert await log.consumers.lease([NAME], "another", 60_000) == {}
    stored = await read_position(log)
    assert await log.consumers.save(NAME, "another", [stored]) == set()

    await log.consumers.release(OWNER)
    assert set(await log.consumers.lease([NAME], "another", -1)) == {NAME}  # this lease has already expired
    assert await log.consumers.save(NAME, "another", [stored]) == set()
    assert set(await log.consumers.lease([NAME], OWNER, 60_000)) == {NAME}
    assert await log.consumers.save(NAME, OWNER, [stored]) == {"foo"}
