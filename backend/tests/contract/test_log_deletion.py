"""Test the contract of logs: deletion of rooms (W11, R5)."""

from alcove.item_ranges import ALL_ITEMS
from alcove.limits import Retention
from alcove.storage.base import Log, RoomReadMark
from alcove.storage.deleted_rooms import MAX_REMOVED_ROWS
from tests.support.drafts import append, edit, message, read_bodies
from tests.support.storage import OpenLog, count_rows
from tests.support.storage_search import find_words


async def test_w11_r5_deleted_room_is_empty_and_has_a_new_history(log: Log) -> None:
    await append(log, message("a"), message("b"), edit("c", 1), message("a", item="bar"))
    await log.move_read_marks([RoomReadMark("foo", "ada", 2)])
    before = (await log.room_states(["foo"]))["foo"].log

    new_log = await log.delete_room("foo")
    state = (await log.room_states(["foo"]))["foo"]
    assert (state.log, state.head, state.oldest, state.reads) == (new_log, 0, 1, {})
    assert new_log != before
    assert await read_bodies(log) == {}
    assert [room.item for room in await log.list_rooms([ALL_ITEMS], "ada", limit=9)] == ["bar"]
    assert await read_bodies(log, "bar") == {1: '"hello"'}


async def test_w11_s5_deletion_frees_ids_and_restarts_seqs(open_again: OpenLog) -> None:
    log = await open_again()
    await append(log, message("a"), message("b"))
    new_log = await log.delete_room("foo")

    assert await append(await open_again(), message("a")) == [(1, False)]
    assert (await (await open_again()).read("foo", limit=1)).log == new_log


async def test_w11_deleting_an_unknown_room_stores_nothing(log: Log) -> None:
    assert await log.delete_room("foo") == log.id
    assert (await log.room_states(["foo"]))["foo"].log == log.id


async def test_w11_each_deletion_creates_a_new_history(log: Log) -> None:
    await append(log, message("a"))
    assert await log.delete_room("foo") != await log.delete_room("foo")


async def test_w11_rows_of_a_deleted_room_are_hidden_until_they_are_removed(log: Log, storage: str) -> None:
    await append(log, message("a", "hello"), message("b", item="bar"))
    await log.move_read_marks([RoomReadMark("foo", "ada", 1)])
    await log.delete_room("foo")

    assert await log.rooms_of_member("ada") == ["bar"]
    assert await log.changed_since(0, limit=9) == [("bar", 1)]
    assert await log.seqs_of([("foo", "ada", "a")]) == {}
    assert await count_rows(storage, "entries") == 2
    await log.remove_deleted()
    tables = ("rooms", "entries", "marks")
    assert [await count_rows(storage, table) for table in tables] == [2, 1, 0]
    assert await count_rows(storage, "rooms WHERE item LIKE '!deleted%'") == 0


async def test_w11_all_rows_and_kept_ids_of_a_large_room_are_removed(open_again: OpenLog, storage: str) -> None:
    log = await open_again(Retention(entries=MAX_REMOVED_ROWS + 7))
    count = 2 * MAX_REMOVED_ROWS + 20
    await append(log, *(message(f"m{n}") for n in range(count)), message("other", item="bar"))
    await log.delete_room("foo")
    await append(log, message("m1", "new"))
    await log.remove_deleted()

    assert await read_bodies(log) == {1: '"new"'}
    assert await read_bodies(log, "bar") == {1: '"hello"'}
    assert await count_rows(storage, "entries") == 2
    assert await count_rows(storage, "ids") == (0 if storage.startswith("sqlite") else 2)


async def test_w11_rows_left_by_a_stopped_process_are_removed_after_a_restart(
    open_again: OpenLog, storage: str
) -> None:
    log = await open_again()
    await append(log, *(message(f"m{n}", "left behind") for n in range(MAX_REMOVED_ROWS + 10)))
    await log.delete_room("foo")
    await log.close()

    assert await find_words(storage, ["left behind"]) != []
    await (await open_again()).remove_deleted()
    assert await count_rows(storage, "entries") == 0


async def test_w15_remove_before_deletes_the_first_entries_of_a_room(log: Log, storage: str) -> None:
    await append(log, *(message(f"m{n}", n, item="!bans") for n in range(1, 6)), message("a"))
    assert await log.remove_before("!bans", 4) == 4
    assert await log.remove_before("!bans", 2) == 4

    page = await log.read("!bans", after=0, limit=9)
    assert ([entry.seq for entry in page.entries], page.oldest, page.head) == ([4, 5], 4, 5)
    assert await append(log, message("m6", item="!bans")) == [(6, False)]
    assert await count_rows(storage, "entries") == 4
    assert await log.remove_before("none", 3) == 1
    assert await log.remove_before("!bans", 99) == 6
    assert (await log.read("!bans", after=0, limit=9)).oldest == 6
