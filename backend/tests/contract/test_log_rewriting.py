"""Test the contract of logs: edits and deletes (S8, S9)."""

import pytest
from msgspec import UNSET

from alcove.item_ranges import ALL_ITEMS
from alcove.protocol import raw
from alcove.storage.base import Draft, Log
from tests.support.drafts import BOB, append, delete, edit, message, read_bodies, stored_entry
from tests.support.storage import OpenLog


async def test_s8_author_edits_and_deletes(log: Log) -> None:
    await append(log, message("a"))

    assert await append(log, edit("e", 1)) == [(2, False)]
    assert await append(log, delete("d", 1)) == [(3, False)]


@pytest.mark.parametrize("change", [edit("x", 1, by=BOB), delete("x", 1, by=BOB)], ids=["edit", "delete"])
async def test_s8_changing_the_message_of_another_member_is_forbidden(log: Log, change: Draft) -> None:
    await append(log, message("a"))

    assert await append(log, change) == ["forbidden"]
    assert await read_bodies(log) == {1: '"hello"'}


@pytest.mark.parametrize(
    "change", [edit("x", 1, by=BOB, mod=True), delete("x", 1, by=BOB, mod=True)], ids=["edit", "delete"]
)
async def test_s8_moderator_may_change_the_message_of_another_member(log: Log, change: Draft) -> None:
    await append(log, message("a"))

    assert await append(log, change) == [(2, False)]


@pytest.mark.parametrize("target", [0, 2, 3, 4, 5, 2**53 - 1], ids=["zero", "edit", "deleted", "delete", "none", "far"])
@pytest.mark.parametrize("mod", [False, True])
async def test_s8_target_must_be_an_existing_message(log: Log, target: int, *, mod: bool) -> None:
    await append(log, message("a"), edit("e", 1), message("b"), delete("d", 3))

    assert await append(log, edit("x", target, mod=mod), delete("y", target, mod=mod)) == ["invalid", "invalid"]
    assert (await log.read("foo", limit=1)).head == 4


async def test_s8_target_in_another_room_is_invalid(log: Log) -> None:
    await append(log, message("a", item="bar"))

    assert await append(log, edit("e", 1)) == ["invalid"]
    assert await read_bodies(log, "bar") == {1: '"hello"'}


async def test_s8_target_may_be_in_the_same_batch(log: Log) -> None:
    drafts = [message("a"), edit("e", 1, "two"), edit("x", 1, by=BOB), delete("d", 1), edit("late", 1), message("b")]

    assert await append(log, *drafts) == [(1, False), (2, False), "forbidden", (3, False), "invalid", (4, False)]
    assert await read_bodies(log) == {1: None, 2: None, 3: None, 4: '"hello"'}


async def test_s6_refused_change_stores_nothing_and_its_id_stays_free(log: Log) -> None:
    await append(log, message("a"))
    assert await append(log, edit("x", 7)) == ["invalid"]

    assert await append(log, message("x")) == [(2, False)]


async def test_s9_edited_message_carries_its_latest_body(log: Log) -> None:
    await append(log, message("a", at=1000))
    await append(log, edit("e1", 1, "two", at=2000), edit("e2", 1, {"n": 3}, at=3000))
    first, *edits = (await log.read("foo", after=0, limit=10)).entries

    assert (first.body, first.edited, first.at) == (raw({"n": 3}), 3000, 1000)
    assert [(edit.body, edit.target) for edit in edits] == [(raw("two"), 1), (raw({"n": 3}), 1)]
    assert all(edit.edited is UNSET and edit.deleted is UNSET for edit in edits)


async def test_s9_deleted_message_and_its_edits_lose_their_bodies_forever(open_again: OpenLog) -> None:
    log = await open_again()
    await append(log, message("a", "secret 1"), message("b", "kept"), edit("e", 1, "secret 2"))
    await append(log, delete("d", 1, at=5000))
    assert await read_bodies(log) == {1: None, 2: '"kept"', 3: None, 4: None}
    assert (await log.read("foo", after=0, limit=1)).entries[0].deleted == 5000
    await log.close()

    reopened = await open_again()
    assert await read_bodies(reopened) == {1: None, 2: '"kept"', 3: None, 4: None}
    for outcome in await reopened.append([message("a", "secret 1"), edit("e", 1, "secret 2")]):
        assert stored_entry(outcome).body is UNSET
    last = (await reopened.list_rooms([ALL_ITEMS], "bob", limit=10))[0].last
    assert last is not None
    assert last.body is UNSET
    assert await read_bodies(reopened) == {1: None, 2: '"kept"', 3: None, 4: None}


async def test_s9_delete_does_not_change_other_messages_and_their_edits(log: Log) -> None:
    await append(log, message("a"), message("b"), edit("e", 2, "two"), edit("f", 1, "one"), delete("d", 1))

    assert await read_bodies(log) == {1: None, 2: '"two"', 3: '"two"', 4: None, 5: None}
