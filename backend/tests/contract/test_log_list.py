"""Test the contract of logs: pages of the list of rooms, unread counts, entries by seq, changed rooms (W4, W10)."""

import pytest

from alcove.item_ranges import ALL_ITEMS, readable_ranges
from alcove.limits import Retention
from alcove.storage.base import Log, NoSuchRoomError, RoomReadMark, UnreadCount
from tests.support.drafts import BOB, append, delete, edit, message
from tests.support.storage import OpenLog

ALL_RANGES = [ALL_ITEMS]


async def write_rooms(log: Log, *items: str, at: int = 1000) -> None:
    """Store one message for each item, all with the same time."""
    await append(log, *(message(item, item=item, at=at) for item in items))


async def read_pages(log: Log, rights: dict[str, str], size: int) -> list[list[str]]:
    """Return the items of each page of the list, each page read after the last item of the one before."""
    results: list[list[str]] = []
    before: str | None = None
    while page := await log.list_rooms(readable_ranges(rights), "bob", limit=size, before=before):
        results.append([room.item for room in page])
        before = page[-1].item
    return results


@pytest.mark.parametrize(
    "rights",
    [
        {"*": "r"},
        {"order-*": "r", "ticket-*": "r"},
        {f"{kind}-{n}": "r" for kind in ("order", "ticket") for n in range(9)},
    ],
    ids=["everything", "prefixes", "single items"],
)
async def test_w4_paging_with_before_lists_every_room_once_despite_equal_times(
    log: Log, rights: dict[str, str]
) -> None:
    await write_rooms(log, *(f"order-{n}" for n in range(5)))
    await write_rooms(log, *(f"ticket-{n}" for n in range(3)), at=2000)

    results = await read_pages(log, rights, 3)

    listed = [item for page in results for item in page]
    assert [len(page) for page in results] == [3, 3, 2]
    assert sorted(listed) == sorted([*(f"order-{n}" for n in range(5)), *(f"ticket-{n}" for n in range(3))])
    assert set(results[0]) == {"ticket-0", "ticket-1", "ticket-2"}
    assert [room.item for room in await log.list_rooms(readable_ranges(rights), "bob", limit=9)] == listed


async def test_w4_page_before_an_item_without_entries_raises_no_such_room(log: Log) -> None:
    await write_rooms(log, "order-1")

    with pytest.raises(NoSuchRoomError, match="no entries in the room of order-2"):
        await log.list_rooms(ALL_RANGES, "bob", limit=3, before="order-2")


async def test_w10_unread_counts_keep_the_order_of_the_requested_pairs(log: Log) -> None:
    await append(log, message("a"), message("b", by=BOB), message("c"), message("d", item="bar"))
    await append(log, delete("e", 1), edit("f", 3))
    await log.move_read_marks([RoomReadMark("bar", "bob", 1)])
    await append(log, message("g", item="bar"))

    pairs = [("foo", "bob"), ("none", "bob"), ("bar", "bob"), ("foo", "ada"), ("bar", "cid"), ("foo", "bob")]
    assert await log.count_unread(pairs) == [
        UnreadCount("foo", 5, 1),
        UnreadCount("none", 0, 0),
        UnreadCount("bar", 2, 1),
        UnreadCount("foo", 5, 1),
        UnreadCount("bar", 2, 2),
        UnreadCount("foo", 5, 1),
    ]
    assert await log.count_unread([]) == []


async def test_w10_w4_unread_counts_agree_with_the_list_and_stop_at_1000(log: Log) -> None:
    await append(log, *(message(f"id-{n}") for n in range(1001)), message("mine", by=BOB))

    (listed,) = await log.list_rooms(ALL_RANGES, "bob", limit=3)

    assert await log.count_unread([("foo", "bob")]) == [UnreadCount("foo", listed.head, listed.unread)]
    assert (listed.head, listed.unread) == (1002, 1000)


async def test_w10_s9_entries_are_read_by_item_and_seq_as_they_are_served(open_again: OpenLog) -> None:
    log = await open_again(Retention(entries=2))
    await append(log, message("a"), message("b"), message("c"), message("d", item="bar"))
    await append(log, edit("e", 3, "better"))

    entries = await log.entries_by_seq({("foo", 1), ("foo", 3), ("bar", 1), ("bar", 2), ("none", 1)})

    assert set(entries) == {("foo", 3), ("bar", 1)}
    assert bytes(entries["foo", 3].body) == b'"better"'  # type: ignore[arg-type] # it has a body
    assert await log.entries_by_seq([]) == {}


async def test_w10_changed_rooms_are_listed_latest_first_without_internal_ones(log: Log) -> None:
    await write_rooms(log, "old")
    await write_rooms(log, "new", "!internal", at=2000)
    await write_rooms(log, "newest", at=3000)
    await append(log, message("more", item="new", at=2500))

    assert await log.changed_since(2000, limit=10) == [("newest", 1), ("new", 2)]
    assert await log.changed_since(2000, limit=1) == [("newest", 1)]
    assert await log.changed_since(3001, limit=10) == []
