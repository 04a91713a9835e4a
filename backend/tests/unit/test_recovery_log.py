"""Test recovery while the log does not answer, and its queries to the log (X2, X4, R5)."""

import asyncio

import pytest

from alcove.storage.base import LogUnavailableError, RoomReadMark
from tests.support.recovery import RecoveringProcess
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

#: The time that a missing entry has to arrive before the log is read, in seconds.
GRACE_S = 0.02


@virtual_time
async def test_x2_a_long_gap_is_read_in_bounded_pages() -> None:
    process = RecoveringProcess()
    process.storage.write(*(str(n) for n in range(600)))
    process.recovery.note_head("foo", 600)
    await run_turns()
    pages = 0
    while process.pending_call_count:
        await process.storage.run_calls(1)
        pages += 1

    assert process.reader.seqs == list(range(1, 601))
    assert 3 <= pages <= 4  # of at most 250 entries


@virtual_time
async def test_x4_an_unread_gap_is_filled_when_storage_recovers() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("foo", process.storage.write("a", "b")[1:], 1)
    await elapse(GRACE_S)
    await process.storage.fail()
    await elapse(1)
    assert (process.reader.seqs, process.pending_call_count) == ([], 0)

    process.recovery.retry()
    await process.storage.run_calls()
    assert process.reader.seqs == [1, 2]


@virtual_time
async def test_x7_the_sole_writer_of_a_log_reads_nothing_for_the_room() -> None:
    """Entries that it did not deliver are of a commit whose answer was lost; each reader fetches them."""
    process = RecoveringProcess(sole_writer=True)
    written = process.storage.write("a", "b", "c")
    process.recovery.note_head("foo", 1)
    assert process.room.head == 1
    process.recovery.deliver("foo", written[2:], 1)
    assert process.room.head == 3

    await process.storage.run_calls()
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_r5_a_cursor_beyond_the_room_waits_for_the_room() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b", "c")
    catch_up_task = asyncio.create_task(process.recovery.catch_up(process.room, 2))
    await process.storage.run_calls()
    await catch_up_task
    assert process.room.head == 3

    await process.recovery.catch_up(process.room, 3)
    assert process.pending_call_count == 0


@virtual_time
async def test_r5_a_cursor_beyond_the_room_is_refused_without_storage() -> None:
    process = RecoveringProcess()
    catch_up_task = asyncio.create_task(process.recovery.catch_up(process.room, 2))
    await process.storage.fail()

    with pytest.raises(LogUnavailableError):
        await catch_up_task


@virtual_time
async def test_x2_checked_rooms_get_entries_and_marks_from_the_log() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.storage.log.store.move_read_marks([RoomReadMark("foo", "ada", 2)])
    process.recovery.check_heads(["foo", "bar"])
    await process.storage.run_calls()
    await elapse(0.25)

    assert process.reader.seqs == [1, 2]
    assert process.reader.marks == [("ada", 2)]


@virtual_time
async def test_x2_many_rooms_are_checked_in_bounded_queries() -> None:
    process = RecoveringProcess()
    process.storage.write("a", item="item-1199")
    process.recovery.check_heads(f"item-{n}" for n in range(1200))
    await run_turns()
    for _ in range(3):  # of at most 500 rooms
        assert process.pending_call_count == 1
        await process.storage.run_calls(1)

    assert process.pending_call_count == 0
    assert len(process.rooms.extended) == 1200
    assert ("item-1199", 1) in process.rooms.extended


@virtual_time
async def test_x4_a_failed_check_of_rooms_is_repeated() -> None:
    process = RecoveringProcess()
    process.storage.write("a")
    process.recovery.check_heads(["foo"])
    await process.storage.fail()
    await elapse(1)
    assert process.pending_call_count == 0

    process.recovery.retry()
    await process.storage.run_calls()
    assert process.reader.seqs == [1]


@virtual_time
async def test_z1_nothing_is_read_after_the_close() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.recovery.note_head("foo", 2)
    await process.recovery.close()
    await elapse(1)

    assert process.pending_call_count == 0
