"""Test which lines readers of the list of rooms get, each at its own pace and within its rights (W10, D2, S9)."""

from collections.abc import AsyncIterator

import pytest

from alcove.access.revocations import Revocation
from alcove.protocol import Person
from alcove.storage.base import Draft
from tests.support.list_readers import ListHarness
from tests.support.turns import run_turns


@pytest.fixture
async def rooms() -> AsyncIterator[ListHarness]:
    """Create a list of rooms on a HeldLog; close the log afterwards."""
    list_room = ListHarness()
    yield list_room
    await list_room.close()


async def test_w10_the_latest_rooms_come_first_and_then_ready(rooms: ListHarness) -> None:
    rooms.write("a", "b")
    ada = await rooms.follow()

    assert [line["type"] for line in ada.lines()] == ["item", "item", "ready"]


async def test_w10_unreadable_rooms_are_never_reported(rooms: ListHarness) -> None:
    rooms.write("order-1", "order-2", "ticket-1")
    ada = await rooms.follow({"order-*": "r", "order-2": "w"})
    assert ada.new_items() == ["order-1"]

    rooms.write("order-1", "order-2", "ticket-1")
    await rooms.feed.rooms_changed(["order-2", "ticket-1", "order-1"])
    rooms.feed.marks_moved({"ticket-1": ["ada"], "order-2": ["ada"]})
    await rooms.settle()
    assert ada.new_items() == ["order-1"]


async def test_w10_a7_a_room_is_not_reported_after_access_has_ended(rooms: ListHarness) -> None:
    ada = await rooms.follow()
    rooms.write("a", "b")
    await rooms.feed.rooms_changed(["a", "b"])
    await run_turns()
    rooms.revocations.add(Revocation(at=2, sub="ada", item="a"))
    await rooms.settle()

    assert ada.new_items() == ["b"]


async def test_w10_changes_during_a_read_are_reported_once(rooms: ListHarness) -> None:
    ada = await rooms.follow()
    ada.lines()
    rooms.write("a", "b")
    await rooms.feed.rooms_changed(["a"])
    await run_turns()
    for _ in range(5):
        rooms.write("b")
        await rooms.feed.rooms_changed(["b"])
        rooms.feed.marks_moved({"b": ["ada"]})
    await rooms.settle()

    assert [(line["item"], line["head"]) for line in ada.lines()] == [("a", 1), ("b", 6)]


async def test_w10_one_read_of_the_log_serves_all_readers_of_a_room(rooms: ListHarness) -> None:
    readers = [await rooms.follow(member=f"member-{n}") for n in range(20)]
    rooms.write("a")
    await rooms.feed.rooms_changed(["a"])
    await run_turns()

    assert len(rooms.log.pending_calls) == 1
    await rooms.settle()
    assert [reader.new_items() for reader in readers] == [["a"]] * 20


async def test_w10_s9_a_message_deleted_during_the_read_is_not_sent(rooms: ListHarness) -> None:
    ada = await rooms.follow()
    rooms.write("a", body="secret")
    await rooms.feed.rooms_changed(["a"])
    await run_turns()
    rooms.log.settle()  # the counts
    await run_turns()
    rooms.log.settle()  # the last entries
    rooms.log.store.append([Draft("a", "delete", "gone", Person("eve", "Eve"), 2, target=1)], lambda: None)
    rooms.feed.entry_changed("a")
    await rooms.settle()

    lines = [line for line in ada.lines() if line["type"] == "item"]
    assert [line["head"] for line in lines] == [2]
    assert "secret" not in str(lines)


async def test_w10_d2_a_stuck_reader_does_not_delay_others(rooms: ListHarness) -> None:
    slow_reader = await rooms.follow(member="slow", reads=False)
    fast_reader = await rooms.follow(member="fast")
    large_body = "x" * 60_000
    for head in range(1, 11):
        for item in ("a", "b"):
            rooms.write(item, body=large_body)
            await rooms.feed.rooms_changed([item])
        await rooms.settle()
        assert {"a", "b"} <= set(fast_reader.new_items()), f"at head {head}"
    assert slow_reader.socket.buffered_bytes() <= slow_reader.socket.max_buffered
    assert len(slow_reader.reader) <= 2

    slow_reader.socket.reads = True
    slow_reader.socket.let_peer_read()
    await rooms.settle()
    lines = [line for line in slow_reader.lines() if line["type"] == "item"]
    latest_heads = {line["item"]: line["head"] for line in lines}
    assert latest_heads == {"a": 10, "b": 10}
    assert len(lines) < 20  # of 20 changes
    assert not slow_reader.reader.has_pending


async def test_w10_d2_the_latest_rooms_are_sent_again_after_an_overflow(rooms: ListHarness) -> None:
    slow_reader = await rooms.follow(member="slow", pending=3, reads=False)
    names = [f"room-{n:02}" for n in range(30)]
    for item in names:
        rooms.write(item, body="x" * 60_000)
        await rooms.feed.rooms_changed([item])
        await rooms.settle()
        assert len(slow_reader.reader) <= 3
    assert slow_reader.reader.outdated

    slow_reader.socket.reads = True
    slow_reader.socket.let_peer_read()
    await rooms.settle()
    assert names[-1] in slow_reader.new_items()
    assert not slow_reader.reader.has_pending


async def test_w10_s7_changes_wait_while_storage_is_unavailable(rooms: ListHarness) -> None:
    ada = await rooms.follow()
    ada.lines()
    rooms.write("a")
    await rooms.feed.rooms_changed(["a"])
    await run_turns()
    rooms.log.settle("nothing stored")
    await run_turns()

    assert (list(ada.reader._pending), ada.new_items()) == (["a"], [])


async def test_w10_a_reader_that_left_is_sent_nothing(rooms: ListHarness) -> None:
    ada, bob = await rooms.follow(), await rooms.follow(member="bob")
    rooms.write("a")
    await rooms.feed.rooms_changed(["a"])
    await run_turns()
    rooms.feed.stop(ada.reader)
    await rooms.settle()

    assert (ada.new_items(), bob.new_items()) == ([], ["a"])
    assert len(rooms.feed) == 1
