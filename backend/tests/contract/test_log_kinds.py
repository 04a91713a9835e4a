"""Test the contract of logs: events (S14), and the details of authors (A9)."""

from msgspec import UNSET
from msgspec.structs import replace

from alcove.item_ranges import ALL_ITEMS
from alcove.protocol import Person, raw
from alcove.storage.base import Draft, Log
from tests.support.drafts import ADA, append, delete, edit, message, stored_entry
from tests.support.storage import OpenLog

PICTURED = Person("ada", "Ada", "https://pictures.example/a.png", "Support")
ROLE_ONLY = Person("bob", "Bob", UNSET, "Guest")


def event(id: str, text: str = "shipped") -> Draft:
    """Create the draft of an event."""
    return Draft("foo", "event", id, ADA, 1000, raw({"text": text}))


async def test_s14_s5_event_with_a_repeated_id_is_stored_once(open_again: OpenLog) -> None:
    log = await open_again()
    assert await append(log, event("a"), message("b"), event("a")) == [(1, False), (2, False), (1, True)]

    first, _ = (await (await open_again()).read("foo", limit=5)).entries
    assert (first.kind, first.body) == ("event", raw({"text": "shipped"}))


async def test_s14_s8_event_cannot_be_edited_or_deleted(log: Log) -> None:
    await append(log, event("a"))

    assert await append(log, edit("e", 1, mod=True), delete("d", 1, mod=True)) == ["invalid", "invalid"]


async def test_a9_every_read_returns_picture_and_role_of_the_author(open_again: OpenLog) -> None:
    log = await open_again()
    drafts = [
        message("a", by=PICTURED),
        message("b", by=ROLE_ONLY),
        message("c"),
        replace(edit("d", 1), by=PICTURED),
        message("a", by=PICTURED),
    ]
    people = [PICTURED, ROLE_ONLY, ADA, PICTURED]
    stored = [stored_entry(outcome).by for outcome in await log.append(drafts)]
    assert stored == [*people, PICTURED]
    assert [stored_entry(outcome).by for outcome in await (await open_again()).append(drafts[:3])] == people[:3]

    reopened = await open_again()
    assert [entry.by for entry in (await reopened.read("foo", limit=9)).entries] == people
    assert (await reopened.entries_by_seq([("foo", 1)]))["foo", 1].by == PICTURED
    (room,) = await reopened.list_rooms([ALL_ITEMS], "ada", limit=1)
    assert room.last is not None
    assert room.last.by == PICTURED
