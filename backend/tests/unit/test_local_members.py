"""Test the members of one process: counted while their room is open, each change published once (P1)."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from alcove.cluster.local_members import LocalMembers
from tests.support.memory_rooms import ADA, BOB, CYD

PEOPLE = {person.id: person for person in (ADA, BOB, CYD)}


def test_p1_connections_of_a_member_add_up() -> None:
    members = LocalMembers()
    members.open_room("foo")
    members.count("foo", ADA, 1)
    members.count("foo", ADA, 1)
    members.count("foo", BOB, 1)

    assert members.connections("foo") == [("ada", "Ada", 2), ("bob", "Bob", 1)]


def test_p1_members_are_counted_only_in_open_rooms() -> None:
    members = LocalMembers()
    assert not members.count("foo", ADA, 1)

    members.open_room("foo")
    assert members.count("foo", ADA, 1)
    members.close_room("foo")
    assert not members.count("foo", ADA, 1)
    assert (members.connections("foo"), members.take_changes()) == ([], {"foo": []})


def test_p1_a_change_is_taken_once_with_its_final_count() -> None:
    members = LocalMembers()
    members.open_room("foo")
    members.count("foo", ADA, 1)
    members.count("foo", ADA, 1)

    assert members.take_changes() == {"foo": [("ada", "Ada", 2)]}
    assert members.take_changes() == {}


def test_p1_a_leave_is_reported_once_with_zero_connections() -> None:
    members = LocalMembers()
    members.open_room("foo")
    members.count("foo", ADA, 1)
    members.take_changes()
    members.count("foo", ADA, -1)
    assert members.connections("foo") == []

    assert members.take_changes() == {"foo": [("ada", "Ada", 0)]}
    assert members.take_changes() == {}


@given(st.lists(st.tuples(st.sampled_from(sorted(PEOPLE)), st.booleans(), st.booleans())))
def test_p1_taken_changes_add_up_to_the_members(
    steps: Sequence[tuple[str, bool, bool]],
) -> None:
    """A receiver that applies every change has the same members as the process that counts them."""
    members = LocalMembers()
    members.open_room("foo")
    expected: Counter[str] = Counter()
    received: dict[str, int] = {}
    for member, joins, takes_changes in steps:
        if joins or expected[member]:
            change = 1 if joins else -1
            expected[member] += change
            members.count("foo", PEOPLE[member], change)
        if takes_changes:
            received |= {id_: count for id_, _, count in members.take_changes().get("foo", [])}
    received |= {id_: count for id_, _, count in members.take_changes().get("foo", [])}

    assert +expected == +Counter(received)
    assert +expected == Counter({id_: count for id_, _, count in members.connections("foo")})
