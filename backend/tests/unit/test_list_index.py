"""Test the index of list readers by item and by member, and the changes that wait for a reader (W10)."""

import pytest

from alcove.access.authenticator import Caller
from alcove.item_ranges import readable_ranges
from alcove.protocol import Person
from alcove.rooms.list_index import ListIndex
from alcove.rooms.list_reader import READY, ListReader
from tests.support.fake_connection import FakeConnection


def add_reader(index: ListIndex, items: dict[str, str], *, member: str = "ada", pending_limit: int = 10) -> ListReader:
    """Create a reader that may read these items, and add it to the index."""
    reader = ListReader(
        FakeConnection(), Caller(Person(member, member)), prefix="", limit=3, pending_limit=pending_limit
    )
    reader.collect(readable_ranges(items))
    index.add(reader, reader.ranges)
    return reader


@pytest.mark.parametrize(
    ("items", "readable", "unreadable"),
    [
        ({"order-1": "r"}, ["order-1"], ["order-2", "order-11", "order"]),
        ({"order-*": "r"}, ["order-", "order-1", "order-x"], ["orde", "ticket-1"]),
        ({"*": "r"}, ["a", "order-1", "ü"], []),
        ({"*": "r", "order-*": "", "order-7": "r"}, ["a", "order-7", "x"], ["order-1", "order-71"]),
        ({"order-*": "r", "order-7": "w"}, ["order-6", "order-70"], ["order-7"]),
        ({"a*": "r", "ab*": "", "abc*": "r", "abcd": ""}, ["a", "abc", "abcx"], ["ab", "abx", "abcd", "b"]),
    ],
)
def test_w10_a_reader_is_found_only_by_readable_items(
    items: dict[str, str], readable: list[str], unreadable: list[str]
) -> None:
    index = ListIndex()
    reader = add_reader(index, items)

    assert [item for item in readable if reader in index.candidates(item) and reader.add_change(item)] == readable
    assert [item for item in unreadable if reader in index.candidates(item) and reader.add_change(item)] == []


def test_w10_a_reader_of_other_items_is_no_candidate() -> None:
    index = ListIndex()
    readers = [add_reader(index, {f"team-{n}-*": "r", f"order-{n}": "r"}) for n in range(1000)]

    assert list(index.candidates("team-7-x")) == [readers[7]]
    assert list(index.candidates("order-7")) == [readers[7]]
    assert list(index.candidates("other")) == []


def test_w10_a_reader_is_not_found_by_former_rights_or_after_removal() -> None:
    index = ListIndex()
    reader = add_reader(index, {"order-*": "r", "a": "r"})
    index.add(reader, readable_ranges({"ticket-*": "r"}))

    assert (list(index.candidates("order-1")), list(index.candidates("ticket-1"))) == ([], [reader])
    assert list(index.candidates("a")) == []
    index.remove(reader)
    index.remove(reader)
    assert (len(index), list(index.candidates("ticket-1")), list(index.readers_of_member("ada"))) == (0, [], [])
    assert repr(index) == "<ListIndex readers=0 items=0 prefixes=0>"


def test_w10_readers_are_found_by_their_member() -> None:
    index = ListIndex()
    first_of_ada, bob, second_of_ada = (
        add_reader(index, {"*": "r"}, member=member) for member in ("ada", "bob", "ada")
    )

    assert tuple(list(index.readers_of_member(member)) for member in ("ada", "bob", "cid")) == (
        [first_of_ada, second_of_ada],
        [bob],
        [],
    )


def test_w10_a_room_that_changes_repeatedly_waits_once() -> None:
    reader = add_reader(ListIndex(), {"*": "r"})
    for item in ("a", "b", "a"):
        assert reader.add_change(item)

    assert (reader.take(1), reader.take(5), reader.take(5)) == (["a"], ["b"], [])
    assert not reader.has_pending


def test_w10_a_reader_needs_the_latest_rooms_again_after_an_overflow() -> None:
    reader = add_reader(ListIndex(), {"*": "r"}, pending_limit=2)
    for item in ("a", "b", "a"):
        reader.add_change(item)
    assert not reader.outdated
    reader.add_change("c")
    reader.add_change("d")
    reader.put_back(["e"])

    assert (reader.outdated, len(reader), reader.has_pending) == (True, 0, True)
    reader.collect(reader.ranges)
    assert (reader.outdated, reader.has_pending) == (False, False)


def test_w10_items_put_back_are_taken_before_later_changes() -> None:
    reader = add_reader(ListIndex(), {"*": "r"})
    reader.add_change("c")
    reader.put_back(["a", "b", READY])

    assert reader.take(9) == ["a", "b", READY, "c"]
