"""Test the contract of logs: read marks, and the list of rooms (P5, W4)."""

import pytest

from alcove.item_ranges import ALL_ITEMS, readable_ranges
from alcove.limits import Retention
from alcove.storage.base import Log, RoomReadMark
from tests.support.drafts import BOB, append, delete, message
from tests.support.storage import OpenLog

FOO_RANGES = readable_ranges({"foo": "r"})


async def move_marks(log: Log, *marks: tuple[str, str, int]) -> list[int]:
    """Move read marks, and return the resulting seqs."""
    moved = await log.move_read_marks([RoomReadMark(*mark) for mark in marks])
    assert [mark[:2] for mark in marks] == [(mark.item, mark.member) for mark in moved]
    return [mark.seq for mark in moved]


async def test_p5_mark_moves_forward_only(log: Log) -> None:
    await append(log, *(message(str(n)) for n in range(10)))

    assert await move_marks(log, ("foo", "ada", 5)) == [5]
    assert await move_marks(log, ("foo", "ada", 3)) == [5]
    assert await move_marks(log, ("foo", "ada", 7)) == [7]
    assert (await log.room_states(["foo"]))["foo"].reads == {"ada": 7}


async def test_p5_mark_beyond_the_head_is_stored_as_the_head(log: Log) -> None:
    await append(log, *(message(str(n)) for n in range(10)))

    assert await move_marks(log, ("foo", "ada", 2**53 - 1)) == [10]
    assert await move_marks(log, ("foo", "ada", 11)) == [10]
    assert await move_marks(log, ("empty", "ada", 5)) == [0]


async def test_p5_marks_of_many_rooms_and_members_move_at_once(log: Log) -> None:
    await append(log, message("a"), message("b"), message("c", item="bar"))

    assert await move_marks(log, ("foo", "ada", 9), ("foo", "bob", 1), ("bar", "ada", 1)) == [2, 1, 1]
    rooms = await log.room_states(["foo", "bar", "never"])
    assert tuple(rooms[item].reads for item in ("foo", "bar", "never")) == ({"ada": 2, "bob": 1}, {"ada": 1}, {})


async def test_p5_marks_survive_a_restart_of_the_log(open_again: OpenLog) -> None:
    log = await open_again()
    await append(log, message("a"))
    await move_marks(log, ("foo", "ada", 1))
    await log.close()

    assert (await (await open_again()).room_states(["foo"]))["foo"].reads == {"ada": 1}


async def test_p5_room_names_up_to_100_marks(log: Log) -> None:
    await append(log, message("a"))
    await move_marks(log, *(("foo", f"member {n}", 1) for n in range(150)))

    assert len((await log.room_states(["foo"]))["foo"].reads) == 100


@pytest.mark.parametrize(
    ("patterns", "readable"),
    [
        (["*"], {"foo", "order-1", "order-2", "Order-3", "100%", "a_b"}),
        (["foo"], {"foo"}),
        (["order-*"], {"order-1", "order-2"}),
        (["foo", "order-1", "fo*"], {"foo", "order-1"}),
        (["%"], set()),
        (["%*"], set()),
        (["a_*"], {"a_b"}),
        (["*-1"], set()),
        (["fo"], set()),
        ([], set()),
    ],
    ids=lambda items: repr(sorted(items)),
)
async def test_w4_items_match_their_patterns(log: Log, patterns: list[str], readable: set[str]) -> None:
    items = ["foo", "order-1", "order-2", "Order-3", "100%", "a_b", "!own"]
    await append(log, *(message(item, item=item) for item in items))

    assert {
        room.item for room in await log.list_rooms(readable_ranges(dict.fromkeys(patterns, "r")), "ada", limit=100)
    } == readable


async def test_w4_last_written_room_is_listed_first(log: Log) -> None:
    await append(log, message("a", item="one", at=1000), message("b", item="two", at=3000))
    await append(log, message("c", item="three", at=2000))
    assert [room.item for room in await log.list_rooms([ALL_ITEMS], "ada", limit=10)] == ["two", "three", "one"]

    await append(log, message("d", item="one", at=4000))
    assert [room.item for room in await log.list_rooms([ALL_ITEMS], "ada", limit=2)] == ["one", "two"]


async def test_w4_listed_item_has_its_head_and_its_last_entry(log: Log) -> None:
    await append(log, message("a"), message("b", "last"))
    (foo,) = await log.list_rooms(FOO_RANGES, "ada", limit=10)

    assert (foo.head, foo.last.id if foo.last else None) == (2, "b")


async def test_w4_item_without_kept_entries_has_no_last_entry(open_again: OpenLog) -> None:
    log = await open_again(Retention(days=1))
    await append(log, message("a", at=1000))
    (foo,) = await log.list_rooms(FOO_RANGES, "ada", limit=10)

    assert (foo.head, foo.last, foo.unread) == (1, None, 0)


async def test_w4_unread_counts_the_messages_of_others_after_the_read_mark(log: Log) -> None:
    await append(log, message("1"), message("2", by=BOB), message("3", by=BOB), message("4"), message("5", by=BOB))
    await append(log, delete("6", 5, by=BOB))
    unread = [(await log.list_rooms(FOO_RANGES, member, limit=1))[0].unread for member in ("ada", "bob", "cyd")]
    assert unread == [2, 2, 4]

    await move_marks(log, ("foo", "ada", 2), ("foo", "cyd", 6))
    unread = [(await log.list_rooms(FOO_RANGES, member, limit=1))[0].unread for member in ("ada", "bob", "cyd")]
    assert unread == [1, 2, 0]


async def test_w4_unread_counts_stop_at_1000(log: Log) -> None:
    await append(log, *(message(str(n), by=BOB) for n in range(1200)))

    assert (await log.list_rooms(FOO_RANGES, "ada", limit=1))[0].unread == 1000


async def test_w4_room_with_only_refused_changes_is_not_listed(log: Log) -> None:
    assert await append(log, delete("d", 1)) == ["invalid"]

    assert await log.list_rooms([ALL_ITEMS], "ada", limit=10) == []
