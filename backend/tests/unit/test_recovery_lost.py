"""Test recovery when messages contradict memory: only the log decides whether a history was lost (X8, X9, R5)."""

import asyncio

import pytest
from msgspec.structs import replace

from alcove.protocol import Entry
from tests.support.memory_rooms import BOB, entry
from tests.support.recovery import RecoveringProcess
from tests.support.virtual_time import elapse, virtual_time


async def following(number: int = 3) -> tuple[RecoveringProcess, list[Entry]]:
    """Create a process whose reader has the first entries of the log."""
    process = RecoveringProcess()
    written = process.storage.write(*(str(n) for n in range(number)))
    process.recovery.deliver("foo", written, 1)
    return process, written


@virtual_time
async def test_x8_a_log_that_ends_before_the_head_of_the_room_lost_its_history() -> None:
    process, _ = await following()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    await process.storage.answer()

    assert process.rooms.lost == ["foo"]


@virtual_time
async def test_x8_a_log_with_other_entries_at_the_seqs_of_the_room_lost_its_history() -> None:
    """Its head is that of the room or a later one, but the entries are others."""
    process, _ = await following()
    process.storage.lose(1)
    rewritten = process.storage.write("x", "y", "z", by=BOB)
    process.recovery.deliver("foo", rewritten, 1)
    await elapse(1)
    await process.storage.answer()

    assert process.rooms.lost == ["foo"]
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_x8_a_gap_that_is_read_from_another_history_is_not_delivered() -> None:
    process, _ = await following()
    process.storage.lose(1)
    process.storage.write("x", "y", "z", by=BOB)
    process.recovery.note_head("foo", 4)
    await process.storage.answer()

    assert process.rooms.lost == ["foo"]
    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_r5_a_cursor_beyond_a_room_whose_log_lost_its_history_is_not_followed() -> None:
    process, _ = await following()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    reaching = asyncio.create_task(process.recovery.catch_up(process.room, 5))
    await process.storage.answer()
    await reaching

    assert "foo" in process.rooms.lost
    assert process.reader.seqs == [1, 2, 3]


@pytest.mark.parametrize("change", [{"id": "forged"}, {"by": BOB}, {"at": 1}])
@virtual_time
async def test_x9_a_published_entry_that_the_log_does_not_have_changes_nothing(change: dict[str, object]) -> None:
    process, written = await following()
    process.recovery.deliver("foo", [replace(written[1], **change)], 1)
    await process.storage.answer()
    process.recovery.deliver("foo", process.storage.write("next"), 1)

    assert process.rooms.lost == []
    assert process.reader.seqs == [1, 2, 3, 4]


@virtual_time
async def test_x9_entries_of_another_history_than_the_log_has_are_not_delivered() -> None:
    process, _ = await following()
    process.recovery.deliver("foo", [entry(4)], 1, "another history")
    process.recovery.check_reported("foo")
    await process.storage.answer()
    await elapse(1)

    assert (process.rooms.lost, process.reader.seqs) == ([], [1, 2, 3])


@virtual_time
async def test_x8_a_reported_head_that_the_room_has_passed_makes_it_read_the_log_once() -> None:
    """Another process may be late, or may have read a log that lost its end."""
    process, _ = await following()
    process.recovery.check_reported("foo")
    await elapse(0.1)
    assert process.queries == 1

    await process.storage.answer()
    assert (process.rooms.lost, process.reader.seqs) == ([], [1, 2, 3])


@virtual_time
async def test_x8_a_room_without_connections_is_compared_with_the_log_too() -> None:
    process, _ = await following()
    process.reader.leave()
    process.storage.lose(1)
    process.recovery.check_heads(["foo"])
    await process.storage.answer()

    assert process.rooms.lost == ["foo"]
