"""The contract of logs: deletion of rooms (W11, R5)."""

from alcove.item_ranges import ALL_ITEMS
from alcove.storage.base import Log, RoomReadMark
from tests.support.drafts import append, bodies, edit, message
from tests.support.storage import OpenLog


async def test_w11_r5_a_deleted_room_is_empty_in_a_new_history_and_others_stay(log: Log) -> None:
    await append(log, message("a"), message("b"), edit("c", 1), message("a", item="bar"))
    await log.move_read_marks([RoomReadMark("foo", "ada", 2)])
    before = (await log.room_states(["foo"]))["foo"].log

    new = await log.delete_room("foo")
    state = (await log.room_states(["foo"]))["foo"]
    assert (state.log, state.head, state.oldest, state.reads) == (new, 0, 1, {})
    assert new != before
    assert await bodies(log) == {}
    assert [room.item for room in await log.list_rooms([ALL_ITEMS], "ada", limit=9)] == ["bar"]
    assert await bodies(log, "bar") == {1: '"hello"'}


async def test_w11_s5_after_a_deletion_ids_are_free_and_numbers_begin_again(open_again: OpenLog) -> None:
    log = await open_again()
    await append(log, message("a"), message("b"))
    new = await log.delete_room("foo")

    assert await append(await open_again(), message("a")) == [(1, False)]
    assert (await (await open_again()).read("foo", limit=1)).log == new


async def test_w11_a_room_that_never_was_is_deleted_without_a_trace(log: Log) -> None:
    assert await log.delete_room("foo") == log.id
    assert (await log.room_states(["foo"]))["foo"].log == log.id


async def test_w11_every_deletion_makes_another_history(log: Log) -> None:
    await append(log, message("a"))
    assert await log.delete_room("foo") != await log.delete_room("foo")
