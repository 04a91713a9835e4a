"""Test recovery while the log does not answer, and its queries to the log (X2, X4, R5)."""

import asyncio

import pytest

from alcove.storage.base import LogUnavailableError, RoomReadMark
from tests.support.recovery import RecoveringProcess
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

#: Seconds that a missing entry has to arrive before the log is read.
GRACE_S = 0.02


@virtual_time
async def test_x2_a_long_gap_is_read_in_bounded_pages() -> None:
    process = RecoveringProcess()
    process.storage.write(*(str(n) for n in range(600)))
    process.recovery.note_head("foo", 600)
    await run_turns()
    pages = 0
    while process.queries:
        await process.storage.answer(1)
        pages += 1

    assert process.reader.seqs == list(range(1, 601))
    assert 3 <= pages <= 4


@virtual_time
async def test_x4_a_gap_that_could_not_be_read_is_filled_when_storage_answers_again() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("foo", process.storage.write("a", "b")[1:], 1)
    await elapse(GRACE_S)
    await process.storage.fail()
    await elapse(1)
    assert (process.reader.seqs, process.queries) == ([], 0)

    process.recovery.retry()
    await process.storage.answer()
    assert process.reader.seqs == [1, 2]


@virtual_time
async def test_x7_the_sole_writer_of_a_log_reads_nothing_for_the_room() -> None:
    """Entries that it did not deliver belong to a commit whose answer was lost; readers fetch them themselves."""
    process = RecoveringProcess(sole_writer=True)
    written = process.storage.write("a", "b", "c")
    process.recovery.note_head("foo", 1)
    assert process.room.head == 1
    process.recovery.deliver("foo", written[2:], 1)
    assert process.room.head == 3

    await process.storage.answer()
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_r5_a_cursor_beyond_the_room_waits_until_the_room_is_at_the_end_of_its_log() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b", "c")
    reaching = asyncio.create_task(process.recovery.catch_up(process.room, 2))
    await process.storage.answer()
    await reaching
    assert process.room.head == 3

    await process.recovery.catch_up(process.room, 3)
    assert process.queries == 0


@virtual_time
async def test_r5_a_cursor_beyond_the_room_is_refused_while_storage_does_not_answer() -> None:
    process = RecoveringProcess()
    reaching = asyncio.create_task(process.recovery.catch_up(process.room, 2))
    await process.storage.fail()

    with pytest.raises(LogUnavailableError):
        await reaching


@virtual_time
async def test_x2_rooms_in_doubt_are_compared_with_the_log_and_get_stored_marks() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.storage.log.store.move_read_marks([RoomReadMark("foo", "ada", 2)])
    process.recovery.check_heads(["foo", "bar"])
    await process.storage.answer()
    await elapse(0.25)

    assert process.reader.seqs == [1, 2]
    assert process.reader.marks == [("ada", 2)]


@virtual_time
async def test_x2_many_rooms_in_doubt_are_compared_in_bounded_queries() -> None:
    process = RecoveringProcess()
    process.storage.write("a", item="item-1199")
    process.recovery.check_heads(f"item-{n}" for n in range(1200))
    await run_turns()
    for _ in range(3):
        assert process.queries == 1
        await process.storage.answer(1)

    assert process.queries == 0
    assert len(process.rooms.extended) == 1200
    assert ("item-1199", 1) in process.rooms.extended


@virtual_time
async def test_x4_rooms_stay_in_doubt_until_storage_answers() -> None:
    process = RecoveringProcess()
    process.storage.write("a")
    process.recovery.check_heads(["foo"])
    await process.storage.fail()
    await elapse(1)
    assert process.queries == 0

    process.recovery.retry()
    await process.storage.answer()
    assert process.reader.seqs == [1]


@virtual_time
async def test_z1_nothing_is_read_after_the_end() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.recovery.note_head("foo", 2)
    await process.recovery.close()
    await elapse(1)

    assert process.queries == 0
