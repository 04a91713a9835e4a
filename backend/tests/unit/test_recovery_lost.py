"""Test recovery when messages contradict memory: only the log decides whether a history was lost (X8, X9, R5)."""

import asyncio

import pytest
from msgspec.structs import replace

from alcove.protocol import Entry
from tests.support.memory_rooms import BOB, entry
from tests.support.recovery import RecoveringProcess
from tests.support.virtual_time import elapse, virtual_time


async def start_process(count: int = 3) -> tuple[RecoveringProcess, list[Entry]]:
    """Create a process whose reader has the first `count` entries of the log; return it and the entries."""
    process = RecoveringProcess()
    written = process.storage.write(*(str(n) for n in range(count)))
    process.recovery.deliver("foo", written, 1)
    return process, written


@virtual_time
async def test_x8_a_log_shorter_than_the_room_lost_its_history() -> None:
    process, _ = await start_process()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    await process.storage.run_calls()

    assert process.rooms.lost == ["foo"]


@virtual_time
async def test_x8_a_log_with_other_entries_lost_its_history() -> None:
    """The log extends to the head of the room or further, but with other entries."""
    process, _ = await start_process()
    process.storage.lose(1)
    rewritten = process.storage.write("x", "y", "z", by=BOB)
    process.recovery.deliver("foo", rewritten, 1)
    await elapse(1)
    await process.storage.run_calls()

    assert process.rooms.lost == ["foo"]
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_x8_a_gap_read_from_another_history_is_not_delivered() -> None:
    process, _ = await start_process()
    process.storage.lose(1)
    process.storage.write("x", "y", "z", by=BOB)
    process.recovery.note_head("foo", 4)
    await process.storage.run_calls()

    assert process.rooms.lost == ["foo"]
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_r5_a_cursor_beyond_a_lost_history_is_not_followed() -> None:
    process, _ = await start_process()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    catch_up_task = asyncio.create_task(process.recovery.catch_up(process.room, 5))
    await process.storage.run_calls()
    await catch_up_task

    assert "foo" in process.rooms.lost
    assert process.reader.seqs == [1, 2, 3]


@pytest.mark.parametrize("change", [{"id": "forged"}, {"by": BOB}, {"at": 1}])
@virtual_time
async def test_x9_a_published_entry_absent_from_the_log_is_ignored(change: dict[str, object]) -> None:
    process, written = await start_process()
    process.recovery.deliver("foo", [replace(written[1], **change)], 1)
    await process.storage.run_calls()
    process.recovery.deliver("foo", process.storage.write("next"), 1)

    assert process.rooms.lost == []
    assert process.reader.seqs == [1, 2, 3, 4]


@virtual_time
async def test_x9_entries_of_another_history_are_not_delivered() -> None:
    process, _ = await start_process()
    process.recovery.deliver("foo", [entry(4)], 1, "another history")
    process.recovery.check_reported("foo")
    await process.storage.run_calls()
    await elapse(1)

    assert (process.rooms.lost, process.reader.seqs) == ([], [1, 2, 3])


@virtual_time
async def test_x8_a_reported_head_behind_the_room_is_checked_once() -> None:
    """The process that reported it may be late, or may have read a log that lost its last entries."""
    process, _ = await start_process()
    process.recovery.check_reported("foo")
    await elapse(0.1)
    assert process.pending_call_count == 1

    await process.storage.run_calls()
    assert (process.rooms.lost, process.reader.seqs) == ([], [1, 2, 3])


@virtual_time
async def test_x8_a_room_without_connections_is_compared_with_the_log_too() -> None:
    process, _ = await start_process()
    process.reader.leave()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    await process.storage.run_calls()

    assert process.rooms.lost == ["foo"]
