"""Test the contract of logs: finding and erasing the data of a member (W14)."""

from msgspec import UNSET
from msgspec.structs import replace

from alcove.protocol import Person, raw
from alcove.storage.base import Draft, Log, RoomReadMark
from alcove.storage.deleted_rooms import MAX_REMOVED_ROWS
from alcove.storage.rows import ERASED_NAME
from tests.support.drafts import append, delete, edit, message
from tests.support.storage import OpenLog, count_rows

MALLORY = Person("mallory", "Mallory Müller", "https://pictures.example/m.png", "Guest")


async def fill(log: Log) -> None:
    """Store entries and marks of Mallory and others in two rooms."""
    await append(log, message("a"), message("m1", by=MALLORY), message("b"), message("m2", by=MALLORY))
    await append(log, replace(edit("m3", 2, "edited"), by=MALLORY), edit("c", 1))
    await append(log, Draft("bar", "event", "e", MALLORY, 1000, raw({"text": "said"})), message("a", item="other"))
    await log.move_read_marks([RoomReadMark("foo", member, 3) for member in ("ada", "mallory", "mallory2", "zoe")])
    await log.move_read_marks([RoomReadMark("other", "mallory", 1)])


async def test_w14_rooms_entries_and_marks_of_a_member_are_found(log: Log) -> None:
    await fill(log)

    assert sorted(await log.rooms_of_member("mallory")) == ["bar", "foo", "other"]
    assert await log.rooms_of_member("zoe") == ["foo"]
    assert await log.rooms_of_member("mall") == []
    entries = await log.entries_of_member("foo", "mallory", after=0, limit=9)
    assert [(entry.seq, entry.kind) for entry in entries] == [(2, "message"), (4, "message"), (5, "edit")]
    assert [entry.seq for entry in await log.entries_of_member("foo", "mallory", after=2, limit=1)] == [4]
    assert await log.entries_of_member("none", "mallory", after=0, limit=9) == []


async def test_w14_read_marks_are_read_in_pages_by_member(log: Log) -> None:
    await fill(log)

    pages = [await log.read_marks("foo", first=first, limit=2) for first in ("", "mallory\x01", "zz")]
    assert [[mark.member for mark in page] for page in pages] == [["ada", "mallory"], ["mallory2", "zoe"], []]
    assert await log.read_marks("foo", first="mallory2", limit=1) == [RoomReadMark("foo", "mallory2", 3)]


async def test_w14_erasure_removes_name_picture_events_and_marks(open_again: OpenLog) -> None:
    log = await open_again()
    await fill(log)
    await append(log, delete("d1", 2, mod=True), delete("d2", 4, mod=True))
    await log.erase_member(["foo", "bar", "other"], "mallory")

    reopened = await open_again()
    erased = Person("mallory", ERASED_NAME)
    entries = [*(await reopened.read("foo", limit=99)).entries, *(await reopened.read("bar", limit=99)).entries]
    entries_of_mallory = [entry for entry in entries if entry.by.id == "mallory"]
    assert [entry.by for entry in entries_of_mallory] == [erased] * 4
    assert [entry.body for entry in entries_of_mallory] == [UNSET] * 4
    assert {entry.by.name for entry in entries if entry.by.id != "mallory"} == {"Ada"}
    assert entries[0].body == raw("hello!")
    marks = await reopened.read_marks("foo", first="", limit=9)
    assert [mark.member for mark in marks] == ["ada", "mallory2", "zoe"]
    assert await reopened.read_marks("other", first="", limit=9) == []
    assert (await reopened.read("foo", limit=1)).head == 8
    assert [entry.seq for entry in entries[:8]] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_w14_s5_ids_of_an_erased_member_stay_reserved(log: Log) -> None:
    await fill(log)
    await log.erase_member(["foo"], "mallory")

    assert await append(log, message("m1", by=MALLORY)) == [(2, True)]


async def test_w14_erasure_may_span_several_transactions(log: Log, storage: str) -> None:
    entry_counts = {"foo": 2 * MAX_REMOVED_ROWS + 5, "bar": MAX_REMOVED_ROWS, **{f"i{n}": 1 for n in range(9)}}
    for item, count in entry_counts.items():
        await append(log, *(message(f"m{n}", item=item, by=MALLORY) for n in range(count)))
        await log.move_read_marks([RoomReadMark(item, "mallory", 1)])
    items = await log.rooms_of_member("mallory")
    assert len(items) == 11

    await log.erase_member(["none", *items], "mallory")
    assert await count_rows(storage, "entries WHERE by_name LIKE '%allory%' OR by_picture LIKE 'h%'") == 0
    assert await count_rows(storage, "marks") == 0
